import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.js';

const cli = fileURLToPath(new URL('../../bin/snn.js', import.meta.url));
const golden = fileURLToPath(new URL('../fixtures/golden/sub-bit.snn', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function snn(...args: string[]): Promise<Outcome> {
  return snnIn(process.cwd(), ...args);
}

function snnIn(cwd: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, SNN_HOME: '' };
    const child = execFile(
      process.execPath,
      [cli, ...args],
      { cwd, env },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

describe('snn inspect of a run', () => {
  const quickstart = fileURLToPath(new URL('../../configs/quickstart.yaml', import.meta.url));

  it('shows what training did to its subsets, to a person and to a program', async () => {
    const folder = temporaryFolder();
    const few = ['--set', 'data.limit.train=512', '--set', 'train.epochs=2'];
    const ran = await snnIn(folder, 'run', quickstart, ...few, '--until', 'refine', '--json');
    expect(ran.code).toBe(0);
    const { run } = JSON.parse(ran.stdout);

    const { code, stdout } = await snnIn(folder, 'inspect', 'quickstart');
    expect(code).toBe(0);
    expect(stdout).toContain(`${run}: subsets behind epoch 2, by layer`);
    expect(stdout).toMatch(/stage0\.block0\s+5\s+free\s+\d+ of 32\s+[1-4]\.\d\d/);
    expect(stdout).toMatch(/^stage2\.block1 {2}[·░▒▓█]{32}$/m);

    const asked = JSON.parse((await snnIn(folder, 'inspect', run, '--json')).stdout);
    expect(asked.run).toBe(run);
    expect(asked.epochs.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2]);
    expect(asked.epochs[1].layers).toHaveLength(6);
  });

  it('says what is missing when there is no such run, or it was not trained', async () => {
    const folder = temporaryFolder();
    const none = await snnIn(folder, 'inspect', 'quickstart');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('no run quickstart');
    await snnIn(folder, 'run', quickstart, '--until', 'sample');
    const sampled = await snnIn(folder, 'inspect', 'quickstart');
    expect(sampled.code).toBe(2);
    expect(sampled.stderr).toContain('has no trained subsets: refine was not run');
    expect(sampled.stderr).toContain('next: snn run ');
  });
});

describe('snn inspect of a packed model', () => {
  it('shows layers, subsets and bytes of a packed model', async () => {
    const { code, stdout } = await snn('inspect', golden);
    expect(code).toBe(0);
    expect(stdout).toMatch(/stage1.block0\s+binary 3x3 \/2\s+7x7x10\s+4x4x20\s+1800\s+\d+/);
    expect(stdout).toMatch(
      /stage1.block0\s+4\s+antipodal\s+16 of 16\s+[34]\.\d\d\s+plain\s+109\s+0\.484/,
    );
    expect(stdout).toMatch(/kernel indices\s+\d+/);
    expect(stdout).toContain('32 bit');
  });

  it('gives the same to a program', async () => {
    const { code, stdout } = await snn('inspect', golden, '--json');
    expect(code).toBe(0);
    const described = JSON.parse(stdout);
    expect(described.layers.map(({ name }: { name: string }) => name)).toEqual([
      'stem',
      'stage0.block0',
      'stage1.block0',
      'stage1.block0.shortcut',
      'stage1.block1',
      'classifier',
    ]);
    expect(described.size.indexBits).toBe(100 * 5 + 200 * 4 + 400 * 6);
    expect(described.file.fileBytes).toBe((await readFile(golden)).length);
    expect(described.file.version).toBe(1);
  });

  it('refuses a damaged file by its section, and one that is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inspect-'));
    try {
      const bytes = await readFile(golden);
      bytes[bytes.length - 3] ^= 4;
      const file = join(folder, 'damaged.snn');
      await writeFile(file, bytes);
      const damaged = await snn('inspect', file);
      expect(damaged.code).toBe(2);
      expect(damaged.stderr).toContain('section HEAD (classifier) is damaged');
      const missing = await snn('inspect', join(folder, 'none.snn'));
      expect(missing.code).toBe(2);
      expect(missing.stderr).toContain('there is no such file');
      const directory = await snn('inspect', folder);
      expect(directory.code).toBe(2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
