import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { accelerator } from './accelerator.js';
import { readBundle } from './bundle.js';
import { openLink } from './link.js';
import { selfTest } from './self-test.js';
import { openSerial } from './serial.js';

const usage = `Runs the golden images of this folder on the accelerator, from bytes to logits, and compares every logit,
and every map of the first of them.

  node host/main.js --port /dev/ttyUSB1

The port is the board's UART. It needs Node 20 or later and stty (Linux, macOS), nothing else.
Exit code 0: every value agrees; 1: one differs; 3: no accelerator answers.
`;

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    options: { port: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (options.help || options.port === undefined) {
    process.stdout.write(usage);
    return options.help ? 0 : 2;
  }
  const bundle = await readBundle(fileURLToPath(new URL('..', import.meta.url)));
  const transport = openSerial(options.port, bundle.design.baud);
  try {
    const device = accelerator(openLink(transport));
    const started = performance.now();
    const test = await selfTest(bundle, device, (done, total) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} images`);
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (process.stderr.isTTY) process.stderr.write('\r');
    if (test.difference !== null) {
      console.log(`FAIL: ${test.difference}`);
      return 1;
    }
    console.log(
      `PASS: ${test.values} values of ${test.vectors} images agree, ` +
        `${test.cycles} cycles, ${seconds} s with the link`,
    );
    return 0;
  } finally {
    transport.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 3;
}
