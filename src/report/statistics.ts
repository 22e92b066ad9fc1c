/** A mean and how far the truth may lie from it. */
export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % interval of the mean; null for a single value. */
  readonly margin: number | null;
  readonly count: number;
}

/** 97.5 % quantiles of Student's t by degrees of freedom, from 1. */
const quantiles = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];
const normalQuantile = 1.959964;

/**
 * The value that a t-distributed variable exceeds with probability 2.5 %. Beyond the table: the
 * Cornish-Fisher expansion (Abramowitz and Stegun, 26.7.5), right to three decimals there.
 *
 * @param freedom degrees of freedom, 1 or more
 */
export function studentQuantile(freedom: number): number {
  const known = quantiles[freedom - 1];
  if (known !== undefined) return known;
  const z = normalQuantile;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}

/**
 * Mean of independent values with its 95 % interval by Student's t.
 *
 * @param values one at least
 */
export function estimate(values: readonly number[]): Estimate {
  const count = values.length;
  if (count === 0) throw new Error('no value to take the mean of');
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, margin: null, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, margin: studentQuantile(count - 1) * Math.sqrt(variance / count), count };
}
