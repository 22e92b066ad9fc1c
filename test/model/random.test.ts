import fc from 'fast-check';
import { expect, it } from 'vitest';
import { modelViolation } from '../../src/model/bounds.js';
import { decodeModel } from '../../src/model/container/read.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork } from '../../src/model/network.js';
import { randomModel, withRandomKernels } from '../../src/model/random.js';
import { plansOfAll } from './networks.js';

it('keeps every rule of the arithmetic, and is a file like any other', () => {
  fc.assert(
    fc.property(plansOfAll, ({ seed, shape, taus, structures, activations = [] }) => {
      const tau = Object.fromEntries(shape.blocks.map(({ name }, i) => [name, taus[i]]));
      const quantization = {
        tau,
        structure: structures[0],
        activations: activations[0] === 'real' ? 'real' : 'binary',
      } as const;
      const model = randomModel(shape, quantization, seed);
      expect(modelViolation(model)).toBeNull();
      expect(model.blocks.map(({ conv }) => conv.tau)).toEqual(taus.slice(0, shape.blocks.length));
      expect(decodeModel(encodeModel(model))).toEqual(model);
      expect(randomModel(shape, quantization, seed)).toEqual(model);
    }),
    { numRuns: 40 },
  );
});

it('keeps them where rows are long, too', () => {
  const shape = birealNetwork(
    { stages: [0, 1], width: 512, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 8, width: 8, channels: 16 },
    10,
  );
  expect(
    modelViolation(randomModel(shape, { tau: 5, structure: 'free', activations: 'binary' }, 1)),
  ).toBeNull();
});

it('draws kernels anew and leaves all else', () => {
  const shape = birealNetwork(
    { stages: [1, 1], width: 8, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 8, width: 8, channels: 1 },
    3,
  );
  const model = randomModel(shape, { tau: 5, structure: 'antipodal', activations: 'real' }, 1);
  const twin = withRandomKernels(model, { tau: 9, structure: 'free' }, 1);
  expect(twin.blocks.map(({ conv }) => conv.tau)).toEqual([9, 9]);
  expect(modelViolation(twin)).toBeNull();
  const without = (blocks: typeof model.blocks) => blocks.map(({ conv: _, ...rest }) => rest);
  expect({ ...twin, blocks: without(twin.blocks) }).toEqual({
    ...model,
    blocks: without(model.blocks),
  });
});
