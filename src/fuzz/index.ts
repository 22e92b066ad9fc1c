import { parseArgs } from 'node:util';
import { checkpoint } from './checkpoint.js';
import { model } from './model.js';
import { type FuzzTarget, fuzz } from './target.js';

/** What can be fuzzed, by name. */
const targets: Readonly<Record<string, FuzzTarget>> = { checkpoint, model };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '0' },
    files: { type: 'string', default: '50000' },
    first: { type: 'string', default: '0' },
  },
});
function whole(option: 'seed' | 'files' | 'first'): number {
  const text = values[option];
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`--${option} is a whole number, not ${text}`);
  process.exit(2);
}

const [seed, count, first] = [whole('seed'), whole('files'), whole('first')];
const names = positionals.length > 0 ? positionals : Object.keys(targets);
for (const name of names) {
  if (Object.hasOwn(targets, name)) continue;
  console.error(`nothing to fuzz is called ${name}; there are ${Object.keys(targets).join(', ')}`);
  process.exit(2);
}
for (const name of names) {
  const outcome = fuzz(targets[name], seed, count, first);
  const { files, accepted, slowest, memory, reasons, problems } = outcome;
  console.log(
    `${name}: ${files} files, ${accepted} read, ${files - accepted} refused for ${reasons.size} ` +
      `reasons; slowest ${slowest.toFixed(0)} ms, ` +
      `at most ${(memory / 2 ** 20).toFixed(1)} MiB beyond ${targets[name].memory.perByte} x the file`,
  );
  for (const { index, what } of problems) console.log(`  file ${index}: ${what}`);
  if (problems.length > 0) process.exitCode = 1;
}
