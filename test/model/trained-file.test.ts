import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { birealNetwork } from '../../src/model/network.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
} from '../../src/model/safetensors.js';
import { decodeTrained, encodeTrained } from '../../src/model/trained-file.js';
import { failureOf } from '../support/failure.js';
import { modelPlans, randomReal, randomTrained } from './networks.js';

test('a trained network comes back from its file, and gives the same bytes again', () => {
  fc.assert(
    fc.property(modelPlans, (plan) => {
      const drawn = plan.seed % 2 === 0 ? randomTrained(plan) : randomReal(plan);
      const network = { ...drawn, classes: ['null', 'éins', '二'] };
      const bytes = encodeTrained(network);
      const decoded = decodeTrained(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3));
      expect(decoded).toEqual(network);
      expect(Buffer.compare(encodeTrained(decoded), bytes)).toBe(0);
    }),
    { numRuns: 25 },
  );
});

describe('a file is refused', () => {
  const shape = birealNetwork(
    { stages: [1, 1], width: 4, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 8, width: 8, channels: 1 },
    3,
  );
  const plan = { seed: 1, shape, taus: [4, 5], structures: ['free', 'antipodal'] as const };
  const { tensors, metadata } = decodeSafetensors(encodeTrained(randomTrained(plan)));
  const real = decodeSafetensors(encodeTrained(randomReal(plan)));
  const without = (name: string, replacement?: NamedTensor, of = { tensors, metadata }) => {
    const changed = new Map(of.tensors);
    changed.delete(name);
    if (replacement) changed.set(name, replacement);
    return encodeSafetensors(changed, of.metadata);
  };

  test('when any of its tensors is missing, too short or of another type, by its name', async () => {
    for (const [name, { values }] of tensors) {
      const short = values.subarray(1);
      for (const replacement of [
        undefined,
        { shape: [short.length], values: short },
        { shape: [values.length], values: new Uint8Array(values.length) },
      ]) {
        const failure = await failureOf(() => decodeTrained(without(name, replacement)));
        expect(failure.kind).toBe('input');
        expect(failure.message).toContain(name);
      }
    }
  });

  test('when the weights of a real convolution are missing', async () => {
    const name = 'stage0.block0.conv.weight';
    const failure = await failureOf(() => decodeTrained(without(name, undefined, real)));
    expect(failure.message).toContain(name);
  });

  test.each(['', '{', '[]', '{"shape":{}}'])(
    'when it describes its network as %j',
    async (text) => {
      const file = encodeSafetensors(tensors, text === '' ? {} : { network: text });
      expect((await failureOf(() => decodeTrained(file))).kind).toBe('input');
    },
  );
});
