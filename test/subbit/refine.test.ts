import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseMembers } from '../../src/subbit/quantize.js';
import { refineSubset, subsetCentroids, subsetGradient } from '../../src/subbit/refine.js';
import { drawnKernels } from '../../src/subbit/replacement.js';
import { membersOf, type Subset, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { codeOf, signsOf, structures, taus } from '../support/kernels.js';
import { gridValues } from '../support/numbers.js';

const threshold = 1e-3;

/** Magnitudes on both sides of the threshold, of the clamp, and none. */
const magnitudes = [0, 5e-4, 9.9e-4, 1.1e-3, 0.5, 3, 5];

/**
 * A subset whose latents an optimiser has moved anywhere: each row is one of a few random ones, so
 * that members often come to coincide, or still the sampled one.
 */
const movedSubsets = fc
  .record({
    tau: taus,
    structure: structures,
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ tau, structure, seed, rows }): Subset => {
    const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
    const random = stream(seed, 'moves');
    const value = () =>
      magnitudes[random.below(magnitudes.length)] * (random.below(2) === 0 ? 1 : -1);
    const patterns = Array.from({ length: rows }, () => Float32Array.from({ length: 9 }, value));
    const latent = subset.latent.slice();
    for (let i = 0; i < subset.representatives.length; i++) {
      if (random.below(2) === 0) latent.set(patterns[random.below(rows)], 9 * i);
    }
    return { ...subset, latent };
  });

/** Sign memory by its definition: the signs of one member behind its latents' move. */
function remembered(code: number, latents: Float32Array): number {
  return codeOf(
    signsOf(code).map((old, j) => {
      const hasPassed = Math.abs(latents[j]) > threshold;
      return hasPassed ? Math.sign(latents[j]) : old;
    }),
  );
}

function rowOf(latent: Float32Array, i: number): Float32Array {
  return latent.subarray(9 * i, 9 * i + 9);
}

const identity = (code: number, { structure }: Subset) =>
  structure === 'antipodal' ? Math.min(code, 511 - code) : code;

describe('a refinement step', () => {
  test('keeps signs within the threshold, flips those past it, and replaces only duplicates', () => {
    fc.assert(
      fc.property(movedSubsets, fc.nat(), (moved, seed) => {
        const { subset, flipped, replaced } = refineSubset(
          moved,
          threshold,
          drawnKernels(stream(seed, 'r')),
        );
        const old = moved.representatives;
        const expected = Array.from(old, (code, i) => remembered(code, rowOf(moved.latent, i)));
        const identities = expected.map((code) => identity(code, moved));
        const duplicates = identities.flatMap((id, i) => (identities.indexOf(id) < i ? [i] : []));
        const signChanges = expected.map(
          (code, i) => signsOf(code).filter((sign, j) => sign !== signsOf(old[i])[j]).length,
        );
        expect(flipped).toBe(signChanges.reduce((sum, n) => sum + n, 0));
        expect(replaced).toEqual(duplicates);
        subset.representatives.forEach((code, i) => {
          if (!duplicates.includes(i)) expect(code).toBe(expected[i]);
          else expect(identities).not.toContain(identity(code, moved));
        });
      }),
    );
  });

  test('leaves 2^tau distinct members, an antipodal subset closed under complement', () => {
    fc.assert(
      fc.property(movedSubsets, fc.nat(), (moved, seed) => {
        const { subset } = refineSubset(moved, threshold, drawnKernels(stream(seed, 'r')));
        const members = new Set(membersOf(subset));
        expect(members.size).toBe(2 ** moved.tau);
        if (moved.structure === 'antipodal') {
          for (const code of members) expect(members.has(511 - code)).toBe(true);
        }
      }),
    );
  });

  test('clamps latents to [-3, 3]; those of a replaced member start anew with its signs', () => {
    fc.assert(
      fc.property(movedSubsets, fc.nat(), (moved, seed) => {
        const { subset, replaced } = refineSubset(
          moved,
          threshold,
          drawnKernels(stream(seed, 'r')),
        );
        subset.representatives.forEach((code, i) => {
          const latent = [...rowOf(subset.latent, i)];
          if (replaced.includes(i)) {
            expect(codeOf(latent)).toBe(code);
            expect(Math.max(...latent.map(Math.abs))).toBeLessThanOrEqual(3);
          } else {
            const before = [...rowOf(moved.latent, i)];
            expect(latent).toEqual(before.map((p) => Math.max(-3, Math.min(3, p))));
          }
        });
      }),
    );
  });

  test('does not touch what it is given, and is the same for the same random stream', () => {
    fc.assert(
      fc.property(movedSubsets, fc.nat(), (moved, seed) => {
        const given = structuredClone(moved);
        const first = refineSubset(moved, threshold, drawnKernels(stream(seed, 'r')));
        expect(moved).toEqual(given);
        expect(refineSubset(moved, threshold, drawnKernels(stream(seed, 'r')))).toEqual(first);
      }),
    );
  });

  test('brings a flipped sign back only behind the threshold on the other side', () => {
    const start = sampleSubset(1, 'antipodal', stream(1, 'sample'));
    const sign = signsOf(start.representatives[0])[0];
    const moveTo = (subset: Subset, p: number) => {
      const latent = subset.latent.slice();
      latent[0] = p * sign;
      return refineSubset({ ...subset, latent }, threshold, drawnKernels(stream(1, 'r'))).subset;
    };
    const signNow = (subset: Subset) => signsOf(subset.representatives[0])[0] * sign;
    const within = moveTo(start, -9e-4);
    const past = moveTo(within, -1.1e-3);
    const fluttering = moveTo(past, 9e-4);
    const back = moveTo(fluttering, 1.1e-3);
    expect([within, past, fluttering, back].map(signNow)).toEqual([1, -1, -1, 1]);
  });
});

test('a member receives the gradients of all kernels that chose it, its complement theirs negated', () => {
  fc.assert(
    fc.property(taus, structures, fc.nat(), (tau, structure, seed) => {
      const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
      const [outputs, inputs] = [5, 3];
      const random = stream(seed, 'indices');
      const indices = Uint16Array.from({ length: outputs * inputs }, () => random.below(2 ** tau));
      const gradient = gridValues(9 * inputs * outputs, seed);
      const count = subset.representatives.length;
      const expected = new Array<number>(9 * count).fill(0);
      for (let r = 0; r < count; r++) {
        for (let j = 0; j < 9; j++) {
          for (let o = 0; o < outputs; o++) {
            for (let c = 0; c < inputs; c++) {
              const chosen = indices[o * inputs + c];
              const own = gradient[(j * inputs + c) * outputs + o];
              if (chosen === r) expected[9 * r + j] += own;
              if (structure === 'antipodal' && chosen === r + count) expected[9 * r + j] -= own;
            }
          }
        }
      }
      expect([...subsetGradient(gradient, indices, outputs, subset)]).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('members that follow their latents come nearer to them, and nothing but signs and scale matters', () => {
  const nearness = (latents: Float32Array, members: Uint16Array, indices: Uint16Array) =>
    indices.reduce(
      (sum, index, kernel) =>
        signsOf(members[index]).reduce(
          (inner, sign, j) => inner + sign * latents[9 * kernel + j],
          sum,
        ),
      0,
    );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), structures, fc.nat(), (tau, structure, seed) => {
      const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
      const latents = gridValues(9 * 60, seed);
      const indices = new Uint16Array(60);
      chooseMembers(latents, subset, indices);
      const latent = subsetCentroids(latents, indices, subset);
      const unused = (i: number) =>
        !indices.includes(i) &&
        !(structure === 'antipodal' && indices.includes(i + subset.representatives.length));
      subset.representatives.forEach((code, i) => {
        const signs = codeOf([...rowOf(latent, i)]);
        if (unused(i)) expect(signs).toBe(code);
      });
      for (const value of latent) expect(Math.abs(value)).toBeLessThanOrEqual(9);
      const representatives = Uint16Array.from(subset.representatives, (_, i) =>
        codeOf([...rowOf(latent, i)]),
      );
      const followed = membersOf({ ...subset, representatives });
      const before = nearness(latents, membersOf(subset), indices);
      expect(nearness(latents, followed, indices)).toBeGreaterThanOrEqual(before - 1e-9);
      const scaled = latents.map((value) => 4 * value);
      expect(subsetCentroids(scaled, indices, subset)).toEqual(latent);
    }),
    { numRuns: 100 },
  );
});
