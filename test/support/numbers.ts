import { expect } from 'vitest';
import { stream } from '../../src/util/random.js';

/** Standard normal deviates, the same for the same seed. */
export function normals(length: number, seed: number, deviation = 1, mean = 0): Float32Array {
  const random = stream(seed, 'test');
  return Float32Array.from({ length }, () => mean + deviation * random.normal());
}

/** Multiples of 1/8 in [-2, 2]: sums and products of a few of them are exact in float32. */
export function gridValues(length: number, seed: number): Float32Array {
  const random = stream(seed, 'grid');
  return Float32Array.from({ length }, () => (random.below(33) - 16) / 8);
}

/** Expects |actual - expected| <= tolerance * max(1, largest |expected|), element by element. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'values',
): void {
  expect(actual.length, `length of ${what}`).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= tolerance * scale)) {
      expect.fail(`${what}[${i}] is ${actual[i]}, expected ${expected[i]} (error ${error})`);
    }
  }
}
