import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refineSubset } from '../../src/subbit/refine.js';
import { demandOf, drawnKernels, wantedKernels } from '../../src/subbit/replacement.js';
import { membersOf, type Subset, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { signsOf, structures, taus } from '../support/kernels.js';

/** Latents of which `uses[code]` are nearest to each kernel, at any magnitude. */
function latentsOf(uses: ReadonlyMap<number, number>): Float32Array {
  const rows = [...uses].flatMap(([code, count]) =>
    Array.from({ length: count }, (_, i) => signsOf(code).map((sign) => sign * (0.1 + 0.3 * i))),
  );
  return Float32Array.from(rows.flat());
}

const latents = latentsOf(
  new Map([
    [7, 2],
    [504, 2],
    [300, 3],
    [9, 1],
    [502, 1],
  ]),
);

test('demand is what latents choose when all 512 kernels are there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (kernels, seed) => {
      const random = stream(seed, 'latents');
      const values = Float32Array.from({ length: 9 * kernels }, () => random.normal());
      const expected = new Array<number>(512).fill(0);
      for (let k = 0; k < kernels; k++) {
        const products = Array.from({ length: 512 }, (_, code) =>
          signsOf(code).reduce((sum, sign, j) => sum + sign * values[9 * k + j], 0),
        );
        expected[products.indexOf(Math.max(...products))]++;
      }
      expect([...demandOf(values)]).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

describe('the most wanted kernels', () => {
  test('come by use, ties by code', () => {
    const order = [...wantedKernels(latents, 'free')];
    expect(order.slice(0, 6)).toEqual([300, 7, 504, 9, 502, 0]);
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 512 }, (_, i) => i));
  });

  test('are counted by pairs when antipodal', () => {
    const order = [...wantedKernels(latents, 'antipodal')];
    expect(order.slice(0, 4)).toEqual([7, 211, 9, 0]);
    expect(order).toHaveLength(256);
  });
});

describe('replacement of duplicates', () => {
  /** A subset whose last two representatives have moved onto its first. */
  const withDuplicates = (tau: number, structure: Subset['structure'], seed: number): Subset => {
    const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
    const count = subset.representatives.length;
    const latent = subset.latent.slice();
    for (const i of [count - 2, count - 1]) latent.set(latent.subarray(0, 9), 9 * i);
    return { ...subset, latent };
  };

  test('takes the most wanted that are not in the subset, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 8 }), structures, fc.nat(), (tau, structure, seed) => {
        const moved = withDuplicates(tau, structure, seed);
        const random = stream(seed, 'latents');
        const values = Float32Array.from({ length: 9 * 400 }, () => random.normal());
        const { subset, replaced } = refineSubset(moved, 1e-3, wantedKernels(values, structure));
        const kept = new Set(
          membersOf({ ...moved, representatives: moved.representatives.slice(0, -2) }),
        );
        const demand = demandOf(values);
        const wanted = (code: number) =>
          demand[code] + (structure === 'antipodal' ? demand[511 - code] : 0);
        const outside = Array.from({ length: 512 }, (_, code) => wanted(code))
          .filter((_, code) => !kept.has(code) && (structure === 'free' || code < 256))
          .sort((a, b) => b - a);
        const count = moved.representatives.length;
        expect(replaced).toEqual([count - 2, count - 1]);
        expect(replaced.map((i) => wanted(subset.representatives[i]))).toEqual(outside.slice(0, 2));
        expect(new Set(membersOf(subset)).size).toBe(2 ** tau);
      }),
      { numRuns: 50 },
    );
  });

  test('at random draws uniformly, and any kernel may come', () => {
    const kernels = drawnKernels(stream(1, 'r'));
    const seen = new Set(Array.from({ length: 6000 }, () => kernels.next().value));
    expect(seen.size).toBe(512);
  });

  test('leaves nothing to take only when the subset is the whole space', () => {
    fc.assert(
      fc.property(taus, structures, fc.nat(), (tau, structure, seed) => {
        const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
        const unmoved = refineSubset(subset, 1e-3, wantedKernels(new Float32Array(), structure));
        expect(unmoved).toMatchObject({ flipped: 0, replaced: [] });
        expect(unmoved.subset.representatives).toEqual(subset.representatives);
      }),
    );
  });
});
