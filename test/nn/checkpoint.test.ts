import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { birealNetwork } from '../../src/model/network.js';
import { encodeSafetensors } from '../../src/model/safetensors.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/nn/checkpoint.js';
import { modelPlans } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { structures, taus } from '../support/kernels.js';
import { midwayOf } from '../support/states.js';

const optimizers = fc.constantFrom('adam' as const, 'sgd' as const);

const stem = { kernel: 3, stride: 1, pool: false } as const;
const image = { height: 8, width: 8, channels: 1 };
const shape = birealNetwork({ stages: [1, 1], width: 4, stem }, image, 3);

test('a checkpoint brings back the whole state, and the same bytes again', () => {
  fc.assert(
    fc.property(modelPlans, taus, structures, optimizers, (plan, tau, structure, optimizer) => {
      const { shape, seed } = plan;
      const state = midwayOf(shape, seed, { tau, structure, optimizer });
      const bytes = encodeCheckpoint(state);
      const decoded = decodeCheckpoint(bytes, shape);
      expect(decoded).toEqual(state);
      expect(Buffer.compare(encodeCheckpoint(decoded), bytes)).toBe(0);
    }),
    { numRuns: 8 },
  );
});

describe('a checkpoint is refused', () => {
  const bytes = encodeCheckpoint(midwayOf(shape, 1));

  test.each([
    ['a narrower network', birealNetwork({ stages: [1, 1], width: 3, stem }, image, 3)],
    [
      'of a network with fewer classes',
      birealNetwork({ stages: [1, 1], width: 4, stem }, image, 2),
    ],
    ['a network with fewer blocks', birealNetwork({ stages: [1], width: 4, stem }, image, 3)],
    ['a network with more blocks', birealNetwork({ stages: [1, 2], width: 4, stem }, image, 3)],
  ])('by %s', async (_, other) => {
    expect((await failureOf(() => decodeCheckpoint(bytes, other))).kind).toBe('input');
  });

  test.each([
    ['nothing', {}],
    ['no JSON', { state: '{' }],
    ['another thing', { state: '[]' }],
  ])('when it says %s of its state', async (_, metadata) => {
    const file = encodeSafetensors(new Map(), metadata);
    expect((await failureOf(() => decodeCheckpoint(file, shape))).kind).toBe('input');
  });

  test('when it is cut off anywhere', async () => {
    for (let length = 0; length < bytes.length; length += 997) {
      const cut = bytes.subarray(0, length);
      expect((await failureOf(() => decodeCheckpoint(cut, shape))).kind).toBe('input');
    }
  });
});
