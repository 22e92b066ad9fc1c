import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32c } from '../../src/model/container/crc32c.js';
import { birealNetwork } from '../../src/model/network.js';
import { referenceTrace } from '../../src/model/reference.js';
import { describeDifference, firstDifference } from '../../src/model/trace.js';
import { kernelKinds, supports } from '../../src/runtime/binary-conv.js';
import { compile } from '../../src/runtime/compile.js';
import { compileConvolution } from '../../src/runtime/compile-convolution.js';
import { encodeImage, labelsOf } from '../../src/runtime/image.js';
import {
  buildNative,
  canBuild,
  type NativeBuild,
  nativeTargets,
  runNative,
} from '../../src/runtime/native/native.js';
import { mixedPlans, randomImages, randomModel } from '../model/networks.js';
import { convolutions, convolved, kernelsFor, storedMap } from './convolutions.js';

const targets = (['generic', 'avx2', 'neon'] as const).map((target) => {
  const able = canBuild(target);
  const { compiler, emulator } = nativeTargets[target];
  const needed = [compiler, ...(emulator === null ? [] : [emulator])].join(' and ');
  const where = able ? '' : ` (skipped: ${target} needs ${needed}, and a machine that runs it)`;
  return { target, able, where };
});

describe.each(targets)('the kernels compiled natively, $target$where', ({ target, able }) => {
  let folder = '';
  let build: NativeBuild;

  beforeAll(async () => {
    if (!able) return;
    folder = mkdtempSync(join(tmpdir(), 'snn-native-'));
    build = await buildNative(target, folder);
  }, 120_000);
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  it.runIf(able)('equal the reference on every layer of every network', () => {
    fc.assert(
      fc.property(mixedPlans, (plan) => {
        const model = randomModel(plan);
        const image = randomImages(plan.shape, 1, plan.seed);
        const expected = referenceTrace(model, image);
        for (const kernels of kernelsFor(model)) {
          const program = compile(model, { vector: build.vector, kernel: null, ...kernels });
          const trace = runNative(build, program, image);
          const difference = firstDifference(expected, trace);
          const what = JSON.stringify(kernels);
          expect(difference && describeDifference(difference), what).toBeNull();
        }
      }),
      { numRuns: target === 'neon' ? 30 : 60 },
    );
  });

  it.runIf(able)('equal the definition of a convolution, for any shape, subset and padding', () => {
    fc.assert(
      fc.property(convolutions, ({ conv, shape, padding, x, threshold }) => {
        const expected = convolved(x, threshold, conv, shape, padding);
        const image = storedMap(x, shape.input.channels, build.vector);
        for (const kernel of kernelKinds.filter((kind) => supports(kind, conv))) {
          const options = { vector: build.vector, kernel, padding };
          const program = compileConvolution(conv, threshold, shape, options);
          const [{ values: actual }] = runNative(build, program, image);
          const at = actual.findIndex((sum, i) => sum !== expected[i]);
          expect({ kernel, at, sum: actual[at] }).toEqual({ kernel, at: -1, sum: undefined });
        }
      }),
      { numRuns: target === 'neon' ? 20 : 40 },
    );
  });

  it.runIf(able)('refuse an image that is damaged, newer, for others, or reaches outside', () => {
    const model = randomModel({
      seed: 3,
      mood: 'uniform',
      shape: birealNetwork(
        { stages: [1], width: 4, stem: { kernel: 3, stride: 1, pool: false } },
        { height: 5, width: 4, channels: 1 },
        3,
      ),
      taus: [4],
      structures: ['free'],
    });
    const other = build.vector === 16 ? 32 : 16;
    const image = encodeImage(
      compile(model, { vector: build.vector, kernel: null }),
      labelsOf(model),
    );
    const forOthers = encodeImage(compile(model, { vector: other, kernel: null }), labelsOf(model));
    /** What the loader says to an image with words written over, its checksum made right again. */
    const said = (
      bytes: Uint8Array,
      words: Readonly<Record<number, number>> = {},
      whole = true,
    ) => {
      const spoiled = Uint8Array.from(bytes);
      const view = new DataView(spoiled.buffer);
      for (const [at, word] of Object.entries(words)) view.setInt32(Number(at), word, true);
      const end = spoiled.length - 4;
      if (whole) view.setUint32(end, crc32c(spoiled.subarray(0, end)), true);
      const [command, ...first] = build.command;
      const size = new Uint8Array(Uint32Array.of(spoiled.length).buffer);
      const input = Buffer.concat([size, spoiled, new Uint8Array(20)]);
      const { status, stderr } = spawnSync(command, [...first, 'probe'], { input });
      return `${status} ${stderr.toString().trim()}`;
    };
    const view = new DataView(image.buffer);
    const arena = view.getInt32(36, true);
    expect(said(image)).toBe('0 ');
    expect(said(image, { 0: 0 })).toBe('2 these bytes are no runtime image');
    expect(said(image, { 8: 2 })).toContain('the image has format 2, this library loads format 1');
    expect(said(image, { 100: 7 }, false)).toContain('the image was changed');
    expect(said(image.subarray(0, -64))).toContain(
      `${image.length} bytes, ${image.length - 64} were`,
    );
    expect(said(forOthers)).toContain(`made for vectors of ${other} bytes`);
    // The first operation starts at 96: its words, its code, where the pixels lie, height, width.
    expect(said(image, { 96: 9 })).toContain('operation 0 (padImage) has 9 words, not 8');
    expect(said(image, { 100: 99 })).toContain('operation 0 has code 99, which is none');
    expect(said(image, { 104: arena })).toContain('operation 0 (padImage): the image');
    expect(said(image, { 104: -1 })).toContain('operation 0 (padImage): the image');
    expect(said(image, { 108: 2 ** 30 })).toContain("operation 0 (padImage): a map's sides");
    expect(said(image, { 36: 2 ** 31 - 64 })).toContain('more memory than');
    expect(said(image, { 20: arena })).toContain('the pixels: they lie outside of the arena');
    // A pick is an address among the planes, so its value counts.
    const byPlanes = compile(model, { vector: build.vector, kernel: 'planes' });
    const planes = encodeImage(byPlanes, labelsOf(model));
    const block = byPlanes.operations.find(({ name }) => name === 'block');
    const picks = new DataView(planes.buffer).getInt32(72, true) + (block?.words.at(-3) ?? 0);
    expect(said(planes)).toBe('0 ');
    expect(said(planes, { [picks]: -1 })).toContain('(block): a pick beyond the planes');
  });
});
