import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { membersOf, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { structures, taus } from '../support/kernels.js';

/** How often each of `population` outcomes came, as a chi-square statistic over its mean. */
function unevenness(counts: readonly number[], expected: number, share: number): number {
  const sum = counts.reduce((total, n) => total + (n - expected) ** 2, 0);
  return sum / (expected * (1 - share)) / (counts.length - 1);
}

describe('a sampled subset', () => {
  test('has 2^tau distinct kernels of the 512', () => {
    fc.assert(
      fc.property(taus, structures, fc.nat(), (tau, structure, seed) => {
        const members = membersOf(sampleSubset(tau, structure, stream(seed, 'sample')));
        expect(members).toHaveLength(2 ** tau);
        expect(new Set(members).size).toBe(2 ** tau);
        expect(Math.max(...members)).toBeLessThan(512);
      }),
    );
  });

  test('when antipodal is closed under complement, and the top bit of an index is the sign', () => {
    fc.assert(
      fc.property(taus, fc.nat(), (tau, seed) => {
        const members = membersOf(sampleSubset(tau, 'antipodal', stream(seed, 'sample')));
        const half = 2 ** (tau - 1);
        for (let i = 0; i < half; i++) expect(members[i + half]).toBe(511 - members[i]);
      }),
    );
  });

  test('starts its latents with the signs of its kernels', () => {
    const { representatives, latent } = sampleSubset(5, 'free', stream(3, 'sample'));
    representatives.forEach((code, i) => {
      for (let j = 0; j < 9; j++) {
        expect(latent[9 * i + j] > 0).toBe(Math.floor(code / 2 ** j) % 2 === 1);
      }
    });
  });

  test('depends on the seed and on the name of its stream, on nothing else', () => {
    const draw = (seed: number, block: string) =>
      [...sampleSubset(5, 'free', stream(seed, 'sample', block)).representatives].join();
    expect(draw(1, 'stage0.block0')).toBe(draw(1, 'stage0.block0'));
    expect(draw(1, 'stage0.block0')).not.toBe(draw(2, 'stage0.block0'));
    expect(draw(1, 'stage0.block0')).not.toBe(draw(1, 'stage0.block1'));
  });

  test.each([
    { structure: 'free', population: 512, tau: 5 },
    { structure: 'antipodal', population: 256, tau: 5 },
  ] as const)('takes every kernel equally often ($structure)', ({ structure, population, tau }) => {
    const draws = 2000;
    const counts = new Array<number>(population).fill(0);
    const random = stream(11, 'uniformity');
    let drawn = 0;
    for (let i = 0; i < draws; i++) {
      for (const code of sampleSubset(tau, structure, random).representatives) {
        counts[Math.min(code, structure === 'antipodal' ? 511 - code : code)]++;
        drawn++;
      }
    }
    const share = drawn / draws / population;
    const spread = Math.sqrt(2 / population);
    expect(Math.abs(unevenness(counts, draws * share, share) - 1)).toBeLessThan(4 * spread);
  });
});
