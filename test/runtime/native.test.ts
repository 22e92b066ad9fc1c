import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceTrace } from '../../src/model/reference.js';
import { describeDifference, firstDifference } from '../../src/model/trace.js';
import { kernelKinds, supports } from '../../src/runtime/binary-conv.js';
import { compile } from '../../src/runtime/compile.js';
import { compileConvolution } from '../../src/runtime/compile-convolution.js';
import {
  buildNative,
  canBuild,
  type NativeBuild,
  nativeTargets,
  runNative,
} from '../../src/runtime/native/native.js';
import { modelPlans, randomImages, randomModel } from '../model/networks.js';
import { convolutions, convolved, storedMap } from './convolutions.js';

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
      fc.property(modelPlans, (plan) => {
        const model = randomModel(plan);
        const image = randomImages(plan.shape, 1, plan.seed);
        const expected = referenceTrace(model, image);
        const kinds = kernelKinds.filter((kind) =>
          model.blocks.every(({ conv }) => supports(kind, conv)),
        );
        for (const kernel of [...kinds, null]) {
          const program = compile(model, { vector: build.vector, kernel });
          const trace = runNative(build, program, image);
          const difference = firstDifference(expected, trace);
          expect(difference && describeDifference(difference), kernel ?? 'chosen').toBeNull();
        }
      }),
      { numRuns: 60 },
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
      { numRuns: 40 },
    );
  });
});
