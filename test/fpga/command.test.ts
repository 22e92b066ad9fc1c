import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../src/fpga/deliver.js';
import { packageFile } from '../../src/util/paths.js';
import { snn } from '../e2e/cli.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

const quickstart = packageFile('configs/quickstart.yaml');

describe('snn deploy', () => {
  it('needs a run or a spec', async () => {
    const { code, stderr } = await snn(temporaryFolder(), 'deploy', '--fpga');
    expect(code).toBe(2);
    expect(stderr).toContain('error: there is no run to deploy');
    expect(stderr).toContain('next: run one first: snn run configs/quickstart.yaml');
  });

  it('refuses a spec whose target is the CPU', async () => {
    const folder = temporaryFolder();
    await writeFile(
      join(folder, 'cpu.yaml'),
      `extends: ${quickstart}\nname: cpu\ndevice:\n  target: cpu\n`,
    );
    const { code, stderr } = await snn(folder, 'deploy', '--fpga', 'cpu.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('device.target is cpu');
    expect(stderr).toContain('set device.target to ice40-up5k or ice40-hx8k');
  });

  it('refuses a network whose activations stay real, before it runs anything', async () => {
    const folder = temporaryFolder();
    await writeFile(
      join(folder, 'weights.yaml'),
      `extends: ${quickstart}\nname: weights\nquantize:\n  binarize: weights\n`,
    );
    const { code, stderr } = await snn(folder, 'deploy', '--fpga', 'weights.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'quantize.binarize is weights: the accelerator takes binary weights and activations only',
    );
    expect(await readdir(folder)).toEqual(['weights.yaml']);
  });

  it('with --require-simulation and no Verilator ends with exit code 3 before it runs anything', async () => {
    const folder = temporaryFolder();
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    const ended = await snn(folder, 'deploy', '--fpga', quickstart, '--require-simulation').finally(
      () => {
        process.env.PATH = PATH;
      },
    );
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('not simulated: --require-simulation needs Verilator');
    expect(ended.stderr).toContain('next: install verilator (apt install verilator g++ make)');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('delivering a deployment', () => {
  async function deployment(folder: string, bitstream: string): Promise<string> {
    await mkdir(join(folder, 'host'), { recursive: true });
    await writeFile(join(folder, 'bitstream.bin'), bitstream);
    await writeFile(join(folder, 'host/main.js'), '');
    await writeFile(join(folder, 'artifact.json'), 'of the store');
    const files = { 'bitstream.bin': {}, 'host/main.js': {} };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ files }));
    return folder;
  }

  it('copies what the manifest names and replaces an earlier one whole', async () => {
    const folder = temporaryFolder();
    const output = join(folder, 'deploy/quickstart');
    await deliver(await deployment(join(folder, 'a'), 'first'), output);
    await writeFile(join(output, 'stale'), '');
    await deliver(await deployment(join(folder, 'b'), 'second'), output);
    expect(await readFile(join(output, 'bitstream.bin'), 'utf8')).toBe('second');
    expect((await readdir(output)).sort()).toEqual(['bitstream.bin', 'host', 'manifest.json']);
    expect(await readdir(join(folder, 'deploy'))).toEqual(['quickstart']);
  });

  it('never touches a folder that holds anything else', async () => {
    const folder = temporaryFolder();
    const mine = join(folder, 'mine');
    await mkdir(mine);
    await writeFile(join(mine, 'thesis.tex'), 'precious');
    const source = await deployment(join(folder, 'a'), 'first');
    const failure = await failureOf(() => deliver(source, mine));
    expect(failure.kind).toBe('input');
    expect(await readdir(mine)).toEqual(['thesis.tex']);
  });
});
