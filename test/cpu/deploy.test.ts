import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CpuManifest } from '../../src/cpu/bundle.js';
import { prove } from '../../src/cpu/prove.js';
import { decodeModel } from '../../src/model/container/read.js';
import { argmax, referenceLogits, referenceTrace } from '../../src/model/reference.js';
import { canBuild } from '../../src/runtime/native/native.js';
import { listFiles } from '../../src/util/files.js';
import { packageFile } from '../../src/util/paths.js';
import { proveWeb } from '../../src/web/prove.js';
import { snn, snnWithoutCompiler } from '../e2e/cli.js';
import { randomImages } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

const modelFile = packageFile('test/fixtures/golden/sub-bit.snn');
const model = decodeModel(readFileSync(modelFile), modelFile);

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const able = canBuild('generic') && has('make');
const where = able ? '' : ' (skipped: needs cc and make)';

/** Runs a program in a folder: its exit code and all that it printed. */
function run(folder: string, program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe.runIf(able)(`a packed model deployed as a C library${where}`, () => {
  let parent = '';
  let folder = '';
  let printed = '';

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'snn-cpu-'));
    folder = join(parent, 'deploy/sub-bit-cpu');
    const { code, stdout, stderr } = await snn(parent, 'deploy', '--cpu', modelFile);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    printed = stdout;
  }, 120_000);
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  const manifest = (): CpuManifest =>
    JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));

  it('says what was proved, on how much, by which compiler', () => {
    const { proof } = manifest();
    const maps = referenceTrace(model, new Uint8Array(13 * 14)).map(({ values }) => values.length);
    expect(proof).toEqual({
      proved: true,
      compiler: execFileSync('cc', ['--version'], { encoding: 'utf8' }).split('\n')[0],
      builds: canBuild('avx2') ? ['generic', 'avx2'] : ['generic'],
      source: 'random images',
      images: 8,
      layers: maps.length,
      values: 8 * maps.reduce((a, b) => a + b, 0),
    });
    expect(printed).toContain('equal to the reference bit for bit (generic');
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(
      'Proof: 11 layers on 8 random',
    );
  });

  it('holds what its manifest names, byte for byte, and nothing of this machine', async () => {
    const { files } = manifest();
    const names = (await listFiles(folder)).filter((name) => name !== 'manifest.json');
    expect(Object.keys(files).sort()).toEqual(names);
    for (const [name, { sha256 }] of Object.entries(files)) {
      const bytes = readFileSync(join(folder, name));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(bytes.includes(parent)).toBe(false);
    }
    expect(names).toEqual(
      expect.arrayContaining([
        ...['CMakeLists.txt', 'Makefile', 'README.md', 'model.snn', 'snn/snn.h'],
        ...['web/model.bin', 'web/runtime.wasm', 'web/snn.d.ts', 'web/snn.js'],
      ]),
    );
  });

  it('runs in Node from its folder for browsers', async () => {
    const images = [1, 2].map((seed) => randomImages(model.shape, 1, seed));
    const logits = images.map((pixels) => referenceLogits(model, pixels));
    await proveWeb(join(folder, 'web'), Buffer.concat(images), logits);
    expect(manifest().web).toEqual({ images: 8 });
  });

  it('passes `make test`; its example names the class that the reference gives', () => {
    const tested = run(folder, 'make', 'all', 'test', 'CFLAGS=-O1');
    expect(tested.status).toBe(0);
    expect(tested.output).not.toContain('warning');
    expect(tested.output).toMatch(/8 images, 11 layers, 28720 values: equal .*\((generic|NEON)\)/);
    if (canBuild('avx2')) expect(tested.output).toContain('bit for bit (AVX2)');

    const file = readFileSync(join(folder, 'example/image.pgm'));
    const pixels = file.subarray(file.length - 13 * 14);
    expect(file.subarray(0, -13 * 14).toString()).toBe('P5\n14 13\n255\n');
    const logits = referenceLogits(model, pixels);
    const best = argmax(logits);
    const real = (logits[best] * model.classifier.scale).toFixed(3);
    const { status, output } = run(folder, 'build/classify', 'example/image.pgm');
    const line = `example/image.pgm: class ${best} (${model.classes[best]}), logit ${real}\n`;
    expect({ status, output }).toEqual({ status: 0, output: line });
    const refused = run(folder, 'build/classify', 'Makefile');
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.output).toContain('no image of 13x14x1 bytes');
  }, 120_000);

  /** Changes the file of a copy, which has been built already. */
  function spoiled(name: string, change: (bytes: Buffer) => Buffer): string {
    const copy = join(temporaryFolder(), 'copy');
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    writeFileSync(join(copy, name), change(readFileSync(join(folder, name))));
    return copy;
  }

  /** One value of layer stage0.block0.conv of the first image: row 2, column 5, channel 3. */
  function otherValue(bytes: Buffer): Buffer {
    const layers = referenceTrace(model, new Uint8Array(13 * 14));
    const before = layers.slice(0, 2).map(({ values }, i) => values.length * (i === 0 ? 4 : 2));
    const { width, channels } = layers[2].shape;
    const at = 8 + 4 * layers.length + 13 * 14 + before[0] + before[1];
    bytes[at + 4 * ((2 * width + 5) * channels + 3)] ^= 1;
    return bytes;
  }
  const named =
    /image 0, layer stage0\.block0\.conv, channel 3, row 2, column 5: -?\d+ expected, -?\d+/;

  it('fails `make test` where one golden value differs, and names its place', () => {
    const { status, output } = run(spoiled('test/golden.bin', otherValue), 'make', 'test');
    expect(status).not.toBe(0);
    expect(output).toMatch(named);
  }, 60_000);

  it('is not deployed where one value differs', async () => {
    const copy = spoiled('test/golden.bin', otherValue);
    const golden = {
      source: 'test images',
      images: 8,
      layers: [],
      values: 0,
      logits: [],
      bytes: Buffer.of(),
    } as const;
    const failure = await failureOf(() => prove(copy, golden, new AbortController().signal));
    expect(failure.kind).toBe('tool');
    expect(failure.message).toMatch(named);
  }, 60_000);

  it('refuses a network of which one bit was changed', () => {
    const flip = (bytes: Buffer) => {
      const at = bytes.lastIndexOf('0x1');
      return Buffer.concat([bytes.subarray(0, at), Buffer.from('0x3'), bytes.subarray(at + 3)]);
    };
    const copy = spoiled('model/vectors-16.inc', flip);
    const { status, output } = run(copy, 'make', 'golden');
    expect(status).not.toBe(0);
    expect(output).toContain('the image was changed: its CRC differs');
  }, 60_000);

  it.runIf(has('cmake'))(
    'builds and passes by CMake',
    () => {
      const build = join(parent, 'cmake');
      expect(run(folder, 'cmake', '-B', build, '-DCMAKE_BUILD_TYPE=Debug').status).toBe(0);
      expect(run(folder, 'cmake', '--build', build).status).toBe(0);
      expect(run(build, 'ctest').output).toContain('100% tests passed');
    },
    120_000,
  );

  it.runIf(has('c++'))('is used from C++', () => {
    const source = join(parent, 'main.cpp');
    const lines = ['#include "model.h"', '#include "snn.h"', 'int main() {'];
    lines.push('  snn_model *model = snn_load(snn_image, snn_image_bytes, nullptr);');
    lines.push('  const int classes = model ? snn_sizes(model).classes : 0;');
    lines.push('  snn_free(model);', '  return classes;', '}');
    writeFileSync(source, lines.join('\n'));
    const program = join(parent, 'main');
    const flags = ['-Wall', '-Wextra', '-pedantic', '-Werror', '-Isnn', '-Imodel'];
    const built = run(folder, 'c++', ...flags, source, 'build/libsnn.a', '-o', program);
    expect(built).toEqual({ status: 0, output: '' });
    expect(run(folder, program).status).toBe(10);
  });
});

describe('snn deploy --cpu', () => {
  it('runs what is missing of a spec; golden images are its first test images', async () => {
    const folder = temporaryFolder();
    const quickstart = packageFile('configs/quickstart.yaml');
    const lines = [`extends: ${quickstart}`, 'name: few', 'train: { epochs: 1 }'];
    lines.push('data: { limit: { train: 2000, test: 2000 } }', 'verify: { images: 4 }');
    writeFileSync(join(folder, 'few.yaml'), lines.join('\n'));
    const ended = await snnWithoutCompiler(folder, 'deploy', '--cpu', 'few.yaml', '--json');
    expect(ended.code, ended.stderr).toBe(0);
    const { output, manifest } = JSON.parse(ended.stdout);
    expect(output).toBe('deploy/few-cpu');
    expect(manifest).toMatchObject({ name: 'few', target: 'cpu', proof: { proved: false } });
    const readMe = readFileSync(join(folder, output, 'README.md'), 'utf8');
    expect(readMe).toContain('every layer of 8 test images');

    const again = await snnWithoutCompiler(folder, 'deploy', '--cpu', '--output', 'other');
    expect(again.code, again.stderr).toBe(0);
    for (const name of ['model.snn', 'test/golden.bin', 'model/vectors-32.inc']) {
      const bytes = readFileSync(join(folder, 'other', name));
      expect(bytes.equals(readFileSync(join(folder, output, name))), name).toBe(true);
    }
  }, 60_000);

  it('writes a folder that says so where there is no C compiler', async () => {
    const folder = temporaryFolder();
    const ended = await snnWithoutCompiler(folder, 'deploy', '--cpu', modelFile, '--output', 'x');
    expect(ended.code).toBe(0);
    const said = 'not proved: no C compiler: install one (apt install gcc) and deploy again';
    expect(ended.stdout).toContain(said);
    expect(readFileSync(join(folder, 'x/README.md'), 'utf8')).toContain(`Proof: ${said}.`);
    expect(JSON.parse(readFileSync(join(folder, 'x/manifest.json'), 'utf8')).proof.proved).toBe(
      false,
    );
  });

  it('needs exactly one target, and a model that is there and whole', async () => {
    const folder = temporaryFolder();
    for (const flags of [[], ['--cpu', '--fpga']]) {
      const { code, stderr } = await snn(folder, 'deploy', ...flags, modelFile);
      expect(code).toBe(2);
      expect(stderr).toContain('error: name one target: --fpga or --cpu');
    }
    const missing = await snn(folder, 'deploy', '--cpu', 'none.snn');
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain('error: none.snn: there is no such file');
    const bytes = readFileSync(modelFile);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(join(folder, 'damaged.snn'), bytes);
    const damaged = await snn(folder, 'deploy', '--cpu', 'damaged.snn');
    expect(damaged).toMatchObject({ code: 2 });
    expect(damaged.stderr).toContain('damaged.snn');
    expect(await listFiles(folder)).toEqual(['damaged.snn']);
  });
});
