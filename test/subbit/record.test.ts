import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entropyOf, hammingDistance, recordSubset, useOf } from '../../src/subbit/record.js';
import { membersOf, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { signsOf, structures, taus } from '../support/kernels.js';

describe('the entropy of indices', () => {
  test('is tau bits when every member is used alike, and none when one is used alone', () => {
    for (let tau = 1; tau <= 9; tau++) {
      expect(entropyOf(new Array(2 ** tau).fill(7))).toBeCloseTo(tau, 12);
    }
    expect(entropyOf([0, 12, 0, 0])).toBe(0);
    expect(entropyOf([0, 0])).toBe(0);
  });

  test('is what the definition says of an uneven histogram', () => {
    expect(entropyOf([4, 2, 1, 1])).toBeCloseTo(1.75, 12);
  });
});

test('the Hamming distance counts the elements that differ', () => {
  const codes = fc.integer({ min: 0, max: 511 });
  fc.assert(
    fc.property(codes, codes, (a, b) => {
      const [signs, others] = [signsOf(a), signsOf(b)];
      expect(hammingDistance(a, b)).toBe(signs.filter((sign, j) => sign !== others[j]).length);
    }),
  );
});

test('use counts the kernels of each member, all of them', () => {
  expect(useOf(Uint16Array.of(3, 0, 3, 1), 4)).toEqual([1, 1, 0, 2]);
});

describe('the record of a layer', () => {
  const tally = { flipped: 5, replaced: 2 };

  test('shows no drift where nothing was refined, and kernels that chose anew', () => {
    fc.assert(
      fc.property(taus, structures, fc.nat(), (tau, structure, seed) => {
        const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
        const random = stream(seed, 'indices');
        const draw = () => Uint16Array.from({ length: 40 }, () => random.below(2 ** tau));
        const [before, indices] = [draw(), draw()];
        const record = recordSubset('a', { sampled: subset, subset, before, indices, tally });
        expect(record).toMatchObject({ layer: 'a', tau, structure, drifted: 0, distance: 0 });
        expect(record).toMatchObject(tally);
        expect(record.changed).toBe([...before].filter((old, i) => old !== indices[i]).length);
        expect(record.use.reduce((sum, n) => sum + n, 0)).toBe(40);
      }),
    );
  });

  test('counts drift in members: a flipped element of an antipodal pair moves two', () => {
    const sampled = sampleSubset(3, 'antipodal', stream(1, 'sample'));
    const others = [...membersOf(sampled)];
    const bit = [1, 2, 4, 8, 16, 32, 64, 128, 256].find(
      (mask) => !others.includes(sampled.representatives[0] ^ mask),
    );
    if (bit === undefined) throw new Error('this subset cannot show it');
    const representatives = sampled.representatives.slice();
    representatives[0] ^= bit;
    const indices = new Uint16Array(4);
    const subset = { ...sampled, representatives };
    expect(recordSubset('a', { sampled, subset, before: indices, indices, tally })).toMatchObject({
      drifted: 2,
      distance: 2 / 8,
    });
  });
});
