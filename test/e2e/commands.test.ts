import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { snn } from './cli.js';

const quickstart = packageFile('configs/quickstart.yaml');
const resnet = (bits: string) => packageFile(`configs/imagenet/resnet18-${bits}bit.yaml`);

describe('mistakes at the keyboard', () => {
  it('an unknown command: the nearest one, exit code 2', async () => {
    expect(await snn(temporaryFolder(), 'plam')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: there is no command plam\nnext: did you mean snn plan?\nnext: see snn --help\n',
    });
  });

  it('an unknown flag: exit code 2', async () => {
    expect(await snn(temporaryFolder(), 'run', quickstart, '--fast')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: Nonexistent flag: --fast\nnext: see snn run --help\n',
    });
  });

  it('no spec: exit code 2', async () => {
    const { code, stderr } = await snn(temporaryFolder(), 'run');
    expect(code).toBe(2);
    expect(stderr).toContain('Missing 1 required arg');
    expect(stderr).toContain('next: see snn run --help');
  });

  it('a spec that does not exist, for a person and for a program', async () => {
    const folder = temporaryFolder();
    const told = await snn(folder, 'run', 'none.yaml');
    expect(told).toMatchObject({ code: 2, stdout: '' });
    expect(told.stderr).toMatch(/^error: none\.yaml: /);
    const asked = await snn(folder, 'run', 'none.yaml', '--json');
    expect(asked.code).toBe(2);
    expect(JSON.parse(asked.stdout)).toMatchObject({
      error: { kind: 'input', message: expect.stringContaining('none.yaml'), exitCode: 2 },
    });
  });

  it('the stack of an error only with --debug', async () => {
    const stack = /^ +at /m;
    const folder = temporaryFolder();
    expect((await snn(folder, 'plan', 'none.yaml')).stderr).not.toMatch(stack);
    expect((await snn(folder, 'plan', 'none.yaml', '--debug')).stderr).toMatch(stack);
  });

  it('a stage that does not exist', async () => {
    expect(await snn(temporaryFolder(), 'plan', quickstart, '--until', 'train')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'error: --until train: there is no such stage\nnext: name one of',
      ),
    });
  });

  it('a field that does not exist, in --set', async () => {
    const { code, stderr } = await snn(
      temporaryFolder(),
      'plan',
      quickstart,
      '--set',
      'train.epoch=3',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('train.epochs');
  });
});

describe('--help', () => {
  it('lists the commands', async () => {
    const { code, stdout } = await snn(temporaryFolder(), '--help');
    expect(code).toBe(0);
    for (const command of ['run', 'plan', 'doctor'])
      expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
    expect(stdout).not.toMatch(/^ +base /m);
  });

  it.each(['run', 'plan', 'doctor'])('of %s has examples', async (command) => {
    const { code, stdout } = await snn(temporaryFolder(), command, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`$ snn ${command}`);
    expect(stdout).toContain('EXAMPLES');
  });
});

describe('snn plan', () => {
  it('says what would run and leaves no trace', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await snn(folder, 'plan', quickstart);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sample +will run +never run$/m);
    expect(stdout).toMatch(/^refine +will run +never run$/m);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells what would fail before anything runs', async () => {
    const large = ['--set', 'architecture.width=64'];
    const { code, stdout } = await snn(temporaryFolder(), 'plan', quickstart, ...large);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^would fail: the network does not fit .*\n( .*\n)+next: /m);
    const folder = temporaryFolder();
    const run = await snn(folder, 'run', quickstart, ...large);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
  });

  it('tells programs the same', async () => {
    const { stdout } = await snn(
      temporaryFolder(),
      'plan',
      quickstart,
      '--json',
      '--until',
      'sample',
    );
    const { stages } = JSON.parse(stdout);
    expect(stages[0]).toMatchObject({ name: 'pretrain', status: 'skipped' });
    expect(stages[1]).toMatchObject({ name: 'sample', status: 'will-run' });
    expect(stages[1].because).toEqual([{ kind: 'never-run', text: 'never run' }]);
    expect(stages[2]).toEqual({ name: 'refine', status: 'not-asked' });
  });

  // Written out again from the published rule. The data set of these specs is not needed.
  it.each([
    { bits: '1', tau: 9, size: '10.99 Mbit' },
    { bits: '0.67', tau: 6, size: '7.324 Mbit' },
    { bits: '0.56', tau: 5, size: '6.103 Mbit' },
    { bits: '0.44', tau: 4, size: '4.882 Mbit' },
  ])('--cost of ResNet-18 at $bits bit', async ({ bits, tau, size }) => {
    const folder = temporaryFolder();
    const { code, stdout } = await snn(folder, 'plan', resnet(bits), '--cost');
    expect(code).toBe(0);
    expect(stdout).toContain(size);

    let operations = 0;
    for (const [inputs, outputs, side, count] of resnet18Layers) {
      const plain = 9 * inputs * outputs * side ** 2;
      const shared = inputs * side ** 2 * (9 * 2 ** tau + outputs / 2);
      operations += count * (2 ** tau < outputs ? shared : plain);
    }
    const json = await snn(folder, 'plan', resnet(bits), '--cost', '--json');
    expect(JSON.parse(json.stdout).cost.total.subBitOps).toBe(operations);
  });
});

/** Input channels, output channels, output height and width, how many such 3x3 layers. */
const resnet18Layers = [
  [64, 64, 56, 4],
  [64, 128, 28, 1],
  [128, 128, 28, 3],
  [128, 256, 14, 1],
  [256, 256, 14, 3],
  [256, 512, 7, 1],
  [512, 512, 7, 3],
] as const;

describe('snn doctor', () => {
  it('finds what is needed here', async () => {
    const { code, stdout } = await snn(temporaryFolder(), 'doctor', '--json');
    expect(code).toBe(0);
    const { ready, machine, store, findings } = JSON.parse(stdout);
    expect(ready).toBe(true);
    expect(machine.cores).toBeGreaterThan(0);
    expect(store).toMatchObject({ writable: true });
    expect(findings).toContainEqual(
      expect.objectContaining({ name: 'Node.js', needed: true, found: process.versions.node }),
    );
  });

  it('says of each missing thing what it adds and how to get it', async () => {
    const { stdout } = await snn(temporaryFolder(), 'doctor', '--json');
    const { findings } = JSON.parse(stdout);
    const text = (await snn(temporaryFolder(), 'doctor')).stdout;
    for (const { name, found, adds, install } of findings) {
      if (found === null) expect(text).toContain(`${name}: ${adds}\n  ${install}`);
      else expect(text).toContain(found);
    }
  });
});
