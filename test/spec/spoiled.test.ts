import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../src/spec/load.js';
import { Failure } from '../../src/util/failure.js';
import { packageFile } from '../../src/util/paths.js';

const folder = packageFile('test/fixtures/specs');

/** Each spoiled spec lies beside the command that shows it and what that must print. */
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => {
    const [command = '', ...expected] = readFileSync(join(folder, name), 'utf8').split('\n');
    const [file = '', ...flags] = command.replace('$ snn validate ', '').split(' --set ');
    return { name, file, flags, expected: expected.join('\n').trim() };
  });

async function failureOf(file: string, flags: readonly string[]): Promise<unknown> {
  return loadSpec(join(folder, file), flags).catch((error: unknown) => error);
}

describe('spoiled specs', () => {
  it('has one expectation for each spec', () => {
    const specs = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(cases.map(({ file }) => file)).toEqual(specs);
    expect(specs.length).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)('$file', async ({ file, flags, expected }) => {
    const failure = await failureOf(file, flags);
    expect(failure).toBeInstanceOf(Failure);
    if (!(failure instanceof Failure)) return;
    expect(failure.exitCode).toBe(2);
    expect(failure.message.replaceAll(`${folder}/`, '')).toBe(expected);
  });
});

interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function validate(...args: readonly string[]): Promise<Outcome> {
  const snn = packageFile('bin/snn.js');
  return new Promise((resolve) => {
    const options = { cwd: folder };
    execFile(process.execPath, [snn, 'validate', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('snn validate', () => {
  const some = ['alias-bomb', 'bad-override', 'circular-extends', 'empty', 'tau-10', 'unknown-key'];

  it.each(cases.filter(({ name }) => some.includes(name.slice(0, -4))))(
    'refuses $file with exit code 2 and the message, without a stack',
    async ({ file, flags, expected }) => {
      const { code, stdout, stderr } = await validate(
        file,
        ...flags.flatMap((flag) => ['--set', flag]),
      );
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr.trim()).toBe(`error: ${expected}`);
    },
  );

  it('gives programs each problem with its place', async () => {
    const { code, stdout } = await validate('unknown-key.yaml', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      problems: [
        { file: 'unknown-key.yaml', line: 8, column: 3, paths: ['train.epoch'] },
        { file: 'unknown-key.yaml', line: 9, column: 3, paths: ['train.dropout'] },
      ],
      error: { kind: 'input', exitCode: 2 },
    });
  });

  it('prints a spec that is a spec again', async () => {
    const quickstart = packageFile('configs/quickstart.yaml');
    const printed = await validate(quickstart, '--print', '--set', 'quantize.tau=4');
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toContain('tau: 4');
    expect(printed.stdout).toContain('threshold: 0.01');
  });

  it('names a folder, a missing file and the file that was meant', async () => {
    expect((await validate('bases')).stderr).toContain('error: bases: it is a folder');
    const missing = await validate('emtpy.yaml');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toBe(
      'error: emtpy.yaml: no such file\nnext: did you mean empty.yaml?\n',
    );
  });
});
