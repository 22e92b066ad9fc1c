import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  channelScales,
  chooseMembers,
  writeLatentGradient,
  writeQuantizedWeights,
} from '../../src/subbit/quantize.js';
import { membersOf, type Subset, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { codeOf, signsOf, structures, taus } from '../support/kernels.js';
import { expectClose, gridValues, normals } from '../support/numbers.js';

const kernels = 40;

function choose(latents: Float32Array, subset: Subset): Uint16Array {
  const indices = new Uint16Array(latents.length / 9);
  chooseMembers(latents, subset, indices);
  return indices;
}

/** Squared distance of every member to a latent kernel, by its definition. */
function distances(latent: Float32Array, subset: Subset): number[] {
  return Array.from(membersOf(subset), (code) =>
    signsOf(code).reduce((sum, sign, j) => sum + (latent[j] - sign) ** 2, 0),
  );
}

describe('the chosen member', () => {
  test('is the nearest in L2, the one of lowest index on a tie', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), structures, fc.nat(), (tau, structure, seed) => {
        const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
        const latents = gridValues(9 * kernels, seed);
        choose(latents, subset).forEach((index, kernel) => {
          const found = distances(latents.subarray(9 * kernel, 9 * kernel + 9), subset);
          expect(index).toBe(found.indexOf(Math.min(...found)));
        });
      }),
    );
  });

  test('is the nearest for any real latents', () => {
    const real = fc.float({ min: -4, max: 4, noNaN: true });
    const latent = fc.array(real, { minLength: 9, maxLength: 9 }).map((v) => Float32Array.from(v));
    fc.assert(
      fc.property(taus, structures, fc.nat(), latent, (tau, structure, seed, values) => {
        const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
        const found = distances(values, subset);
        expect(found[choose(values, subset)[0]]).toBeLessThanOrEqual(Math.min(...found) + 1e-12);
      }),
      { numRuns: 300 },
    );
  });

  test('with all 512 kernels is the sign of every latent', () => {
    fc.assert(
      fc.property(structures, fc.nat(), (structure, seed) => {
        const subset = sampleSubset(9, structure, stream(seed, 'sample'));
        const members = membersOf(subset);
        const latents = gridValues(9 * kernels, seed);
        choose(latents, subset).forEach((index, kernel) => {
          const latent = [...latents.subarray(9 * kernel, 9 * kernel + 9)];
          expect(members[index]).toBe(codeOf(latent));
        });
      }),
    );
  });

  test('counts the kernels that changed', () => {
    const subset = sampleSubset(4, 'free', stream(1, 'sample'));
    const latents = normals(9 * kernels, 5);
    const indices = choose(latents, subset);
    expect(chooseMembers(latents, subset, indices)).toBe(0);
    const wrong = indices.map((index, i) => (i < 7 ? (index + 1) % 16 : index));
    expect(chooseMembers(latents, subset, wrong)).toBe(7);
    expect(wrong).toEqual(indices);
  });
});

test('an output channel is scaled by the mean magnitude of its latents', () => {
  const [outputs, inputs] = [3, 2];
  const latents = normals(outputs * inputs * 9, 8);
  const expected = Array.from({ length: outputs }, (_, o) => {
    const own = [...latents.subarray(o * inputs * 9, (o + 1) * inputs * 9)];
    return own.reduce((sum, w) => sum + Math.abs(w), 0) / own.length;
  });
  expectClose(channelScales(latents, outputs), expected, 1e-7);
});

test('quantised weights are alpha times the member, as a filter [3, 3, Cin, Cout]', () => {
  const [outputs, inputs] = [2, 3];
  const members = Uint16Array.of(0b000000001, 0b111111110, 0b101010101, 0b000111000);
  const indices = Uint16Array.of(0, 1, 2, 3, 2, 1);
  const alpha = Float32Array.of(0.5, 0.25);
  const weights = new Float32Array(9 * inputs * outputs);
  writeQuantizedWeights(members, indices, alpha, weights);
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 3; x++) {
      for (let c = 0; c < inputs; c++) {
        for (let o = 0; o < outputs; o++) {
          const sign = signsOf(members[indices[o * inputs + c]])[y * 3 + x];
          expect(weights[((y * 3 + x) * inputs + c) * outputs + o]).toBe(alpha[o] * sign);
        }
      }
    }
  }
});

describe('the straight-through estimator', () => {
  /** [Cout = 1, Cin = 1]: filter and latent have the same order. */
  function passed(latents: readonly number[]): number[] {
    const gradient = Float32Array.from({ length: 9 }, (_, j) => j + 1);
    const latentGradient = new Float32Array(9);
    writeLatentGradient(gradient, Float32Array.from(latents), 1, latentGradient);
    return [...latentGradient];
  }

  test('passes the gradient where |w| <= 1, the bound included', () => {
    const above = 1 + 2 ** -23;
    expect(passed([1, -1, above, -above, 0, 0.999, -3, 3, -0])).toEqual([
      1, 2, 0, 0, 5, 6, 0, 0, 9,
    ]);
  });

  test('brings filters [3, 3, Cin, Cout] back to latents [Cout, Cin, 3, 3]', () => {
    const [outputs, inputs] = [3, 2];
    const gradient = Float32Array.from({ length: 9 * inputs * outputs }, (_, i) => i);
    const latentGradient = new Float32Array(gradient.length);
    writeLatentGradient(gradient, new Float32Array(gradient.length), outputs, latentGradient);
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < inputs; c++) {
        for (let j = 0; j < 9; j++) {
          const from = (j * inputs + c) * outputs + o;
          expect(latentGradient[(o * inputs + c) * 9 + j]).toBe(from);
        }
      }
    }
  });
});
