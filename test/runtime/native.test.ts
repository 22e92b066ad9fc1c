import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceTrace } from '../../src/model/reference.js';
import { describeDifference, firstDifference } from '../../src/model/trace.js';
import { kernelKinds, supports } from '../../src/runtime/binary-conv.js';
import { compile } from '../../src/runtime/compile.js';
import {
  buildNative,
  canBuild,
  type NativeBuild,
  runNative,
} from '../../src/runtime/native/native.js';
import { modelPlans, randomImages, randomModel } from '../model/networks.js';

describe.each(['generic', 'avx2'] as const)('the kernels compiled natively, %s', (target) => {
  const able = canBuild(target);
  let folder = '';
  let build: NativeBuild;

  beforeAll(() => {
    if (!able) return;
    folder = mkdtempSync(join(tmpdir(), 'snn-native-'));
    build = buildNative(target, folder);
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
          const program = compile(model, { vector: build.vector, kernel, keep: true });
          const read = runNative(build, program, image);
          const trace = program.maps.map((map) => ({ ...map, values: read(map) }));
          const difference = firstDifference(expected, trace);
          expect(difference && describeDifference(difference), kernel ?? 'chosen').toBeNull();
        }
      }),
      { numRuns: 60 },
    );
  });
});
