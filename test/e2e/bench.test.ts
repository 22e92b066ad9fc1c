import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../src/model/container/read.js';
import { type KernelKind, oneBitKinds } from '../../src/runtime/binary-conv.js';
import { fastestKernel } from '../../src/runtime/kernel-choice.js';
import { canBuild } from '../../src/runtime/native/native.js';
import { valueKinds } from '../../src/runtime/value-conv.js';
import { partNames } from '../../src/speed/parts.js';
import type { Measurement, SpeedReport, Speedup } from '../../src/speed/report.js';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { snn, snnWithoutCompiler, startSnn } from './cli.js';

const golden = packageFile('test/fixtures/golden/sub-bit.snn');
const quickstart = packageFile('configs/quickstart.yaml');
const quick = ['--repeats', '2', '--batch', '2', '--threads', '2'];

async function reportOf(folder: string, ...args: string[]): Promise<SpeedReport> {
  const { code, stdout, stderr } = await snn(folder, 'bench', ...args, ...quick, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function expectMeasured({ value, unit, kind, quartiles, repeats }: Measurement, wanted: string) {
  expect([kind, unit]).toEqual(['measured', wanted]);
  expect(value).toBeGreaterThan(0);
  expect(quartiles[0]).toBeGreaterThan(0);
  expect(quartiles[0]).toBeLessThanOrEqual(value);
  expect(quartiles[1]).toBeGreaterThanOrEqual(value);
  expect(repeats).toBeGreaterThanOrEqual(2);
}

/** A speed-up by its parts: times of the baseline and of what is faster, or their inverses. */
function expectSpeedup({ value, baseline }: Speedup, before: number, after: number) {
  expect(value).toBeCloseTo(before / after, 6);
  expect(baseline).toContain('1-bit');
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('snn bench of a packed model', () => {
  it('times its layers in order, by the kernels that are chosen, beside its twin', async () => {
    const report = await reportOf(temporaryFolder(), golden);
    const model = decodeModel(readFileSync(golden));
    expect(report.source).toEqual({ kind: 'model', from: golden });
    expect(report.weights).toBe('own');
    expect(report.image).toEqual(model.shape.input);
    expect(report.machine.processor).not.toBe('');
    expect(report.machine.node).toBe(process.versions.node);
    expect(report.statistic).toContain('median');

    const native = canBuild('avx2') ? ['avx2'] : canBuild('generic') ? ['generic'] : [];
    expect(report.builds.map(({ build }) => build)).toEqual(['wasm', ...native]);
    for (const { build, layers, parts } of report.builds) {
      const vector = build === 'avx2' ? 32 : 16;
      expect(layers.map(({ name }) => name)).toEqual(model.shape.blocks.map(({ name }) => name));
      for (const [i, layer] of layers.entries()) {
        const { tau, structure } = model.blocks[i].conv;
        const { conv } = model.shape.blocks[i];
        const chosen = (subset: { tau: number; structure: 'free' | 'antipodal' }): KernelKind =>
          fastestKernel(subset, conv, vector);
        expect(layer).toMatchObject({ tau, structure, input: conv.input, output: conv.output });
        expect(layer.kernel).toBe(chosen({ tau, structure }));
        expect(layer.twin.kernel).toBe(chosen({ tau: 9, structure: 'free' }));
        expect(oneBitKinds).toContain(layer.best.kernel);
        for (const time of [layer.time, layer.twin.time, layer.best.time]) {
          expectMeasured(time, 'us');
        }
        expectSpeedup(layer.speedups.twin, layer.twin.time.value, layer.time.value);
        expectSpeedup(layer.speedups.best, layer.best.time.value, layer.time.value);
      }
      expect(parts.map(({ part }) => part)).toEqual(partNames);
      expect(sum(parts.map(({ share }) => share))).toBeCloseTo(1, 9);
      for (const { time } of parts.filter(({ time }) => time.value > 0)) {
        expectMeasured(time, 'ms');
      }
      const binary = parts.filter(({ part }) => part === 'codes' || part === 'convolutions');
      expect(sum(layers.map(({ time }) => time.value)) / 1000).toBeCloseTo(
        sum(binary.map(({ time }) => time.value)),
        9,
      );
    }

    expect(
      report.network.map(({ build, measure, threads, batch }) =>
        [build, measure, threads, batch].join(' '),
      ),
    ).toEqual([
      'wasm latency 1 1',
      'wasm latency 2 1',
      'wasm throughput 1 2',
      'wasm throughput 2 4',
      ...native.map((build) => `${build} latency 1 1`),
    ]);
    for (const { measure, network, twin, speedup } of report.network) {
      const isLatency = measure === 'latency';
      for (const figure of [network, twin]) expectMeasured(figure, isLatency ? 'ms' : 'images/s');
      const [before, after] = isLatency ? [twin, network] : [network, twin];
      expectSpeedup(speedup, before.value, after.value);
    }
  });

  it('is read by a person, too', async () => {
    const args = [golden, ...quick, '--no-native'];
    const { code, stdout, stderr } = await snn(temporaryFolder(), 'bench', ...args);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/stage0\.block0 +7x7x10 > 7x7x10 +5 +\w+ +[\d.]+ +[\d.]+ %/);
    expect(stdout).toMatch(/stage1\.block0 +7x7x10 > 4x4x20 +4 antipodal +\w+/);
    expect(stdout).toMatch(/binary convolutions and activations +[\d.]+/);
    expect(stdout).toMatch(/latency +WebAssembly SIMD +1 +1 +[\d.]+ +ms/);
    expect(stdout).toMatch(/throughput +WebAssembly SIMD +1 +2 +[\d.]+ +images\/s/);
    expect(stdout).toContain('median of 2 repeats');
    expect(stdout).not.toContain('native');
    expect(stdout).not.toContain('Its weights are random');
  });
});

describe('snn bench of a spec', () => {
  it('takes random weights of its shapes and bits, and says so', async () => {
    const folder = temporaryFolder();
    const report = await reportOf(folder, quickstart, '--set', 'quantize.tau=4', '--no-native');
    expect(report.source).toEqual({ kind: 'spec', from: quickstart });
    expect(report.weights).toBe('random');
    expect(report.image).toEqual({ height: 28, width: 28, channels: 1 });
    expect(report.builds[0].layers.map(({ tau }) => tau)).toEqual(new Array(6).fill(4));
    const { stdout } = await snn(folder, 'bench', quickstart, ...quick, '--no-native');
    expect(stdout).toContain('Its weights are random, nothing was trained');
  });
});

describe('snn bench of binary weights alone', () => {
  it('times kernels of int16 activations, against those of 1 bit', async () => {
    const set = ['--set', 'quantize.binarize=weights', '--no-native'];
    const { builds } = await reportOf(temporaryFolder(), quickstart, ...set);
    for (const { kernel, twin, best, time, speedups } of builds[0].layers) {
      expect(valueKinds).toContain(kernel);
      expect([twin.kernel, best.kernel]).toEqual(['valueSplit', 'valueSplit']);
      expectMeasured(time, 'us');
      expectSpeedup(speedups.best, best.time.value, time.value);
    }
  });
});

describe('snn bench of a run', () => {
  it('takes the model that it packed; without a name, the last one', async () => {
    const folder = temporaryFolder();
    const set = ['data.limit.train=2000', 'train.epochs=1', 'verify.images=20'];
    const few = set.flatMap((each) => ['--set', each]);
    const ran = await snn(folder, 'run', quickstart, ...few, '--until', 'pack', '--json');
    expect(ran.code, ran.stderr).toBe(0);
    const { run } = JSON.parse(ran.stdout);
    await snn(folder, 'run', quickstart, '--until', 'sample', '--set', 'name=sampled');

    const report = await reportOf(folder, '--no-native');
    expect(report).toMatchObject({ source: { kind: 'run', from: run }, weights: 'own' });
    const sampled = await snn(folder, 'bench', 'sampled');
    expect(sampled.code).toBe(2);
    expect(sampled.stderr).toContain('has no packed model: pack did not finish');
    const unknown = await snn(folder, 'bench', 'nobody');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('no run nobody');
  });
});

describe('what cannot be timed', () => {
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await snn(temporaryFolder(), 'bench', ...args);
    expect(stdout).toBe('');
    return { code, stderr };
  };

  it('a file that is missing or damaged', async () => {
    const missing = await refused('none.snn');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^error: none\.snn: there is no such file\nnext: name a packed/);
    const file = join(temporaryFolder(), 'damaged.snn');
    copyFileSync(golden, file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 3] ^= 4;
    writeFileSync(file, bytes);
    const damaged = await refused(file);
    expect(damaged.code).toBe(2);
    expect(damaged.stderr).toContain('section HEAD (classifier) is damaged');
    expect((await refused('none.yaml')).code).toBe(2);
  });

  it('kernels compiled by cc where there is none, before anything is timed', async () => {
    const ended = await snnWithoutCompiler(temporaryFolder(), 'bench', golden, '--native');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toMatch(
      /^error: there is no C compiler to build the kernels with\nnext: apt/,
    );
    expect(ended.stderr).toContain('next: or leave the native build out: --no-native');
  });

  it('nothing: neither a name nor a run', async () => {
    const { code, stderr } = await refused();
    expect(code).toBe(2);
    expect(stderr).toContain('no run has packed a model yet');
    expect(stderr).toContain('next: time a spec, nothing trained: snn bench configs/');
  });

  it('real weights, and what can be timed instead', async () => {
    const spec = join(temporaryFolder(), 'real.yaml');
    writeFileSync(
      spec,
      'name: real\ndata: {set: mnist}\narchitecture: {preset: bireal6}\nquantize: {binarize: none}\n',
    );
    const { code, stderr } = await refused(spec);
    expect(code).toBe(2);
    expect(stderr).toContain('quantize.binarize is none: weights stay real');
    const set = '--set quantize.binarize=weights+activations --set quantize.bits=0.56';
    expect(stderr).toContain(`snn bench ${spec} ${set}`);
    const again = await reportOf(temporaryFolder(), spec, ...set.split(' '), '--no-native');
    expect(again.weights).toBe('random');
  });

  it('a model whose fields are to be set, and numbers that make no sense', async () => {
    const set = await refused(golden, '--set', 'quantize.tau=4');
    expect(set.code).toBe(2);
    expect(set.stderr).toContain('--set changes fields of a spec');
    for (const flag of ['--repeats', '--threads', '--batch']) {
      expect((await refused(golden, flag, '0')).code).toBe(2);
    }
  });
});

it('Ctrl-C stops the bench with exit code 130', async () => {
  const running = startSnn(temporaryFolder(), 'bench', quickstart, '--repeats', '10000');
  await running.printed('layers on one thread');
  running.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('interrupted');
});
