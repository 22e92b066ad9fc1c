import { Failure } from '../util/failure.js';
import { limits, preShiftFor } from './bounds.js';
import type { PackedBinaryConv, Requantizer } from './packed.js';
import type { TrainedBinaryConv, TrainedNorm } from './trained.js';
import { normEpsilon } from './trained.js';

function clampRound(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, Math.round(value)));
}

/** Real values with `fractionBits` fractional bits, saturated to int16. */
export function toFixed16(values: Float32Array, fractionBits: number): Int16Array {
  return Int16Array.from(values, (value) =>
    Math.max(-32768, Math.min(32767, Math.round(value * 2 ** fractionBits))),
  );
}

/** Thresholds of x + shift >= 0 on integers of `fractionBits` fractional bits, saturated to int16. */
export function toThreshold(shifts: Float32Array, fractionBits: number): Int16Array {
  return Int16Array.from(shifts, (shift) =>
    Math.max(-32768, Math.min(32767, Math.ceil(-shift * 2 ** fractionBits))),
  );
}

/** A norm as y = slope x + offset, one of each a channel. */
export function affineOf({ gamma, beta, mean, variance }: TrainedNorm): {
  slope: Float64Array;
  offset: Float64Array;
} {
  const slope = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + normEpsilon));
  const offset = Float64Array.from(beta, (b, c) => b - slope[c] * mean[c]);
  return { slope, offset };
}

/** A real matrix in integers: weight = step of its row * integer. */
export interface IntegerMatrix<Integers extends Int8Array | Int16Array> {
  readonly integers: Integers;
  readonly steps: Float64Array;
}

function rowStep(row: ArrayLike<number>, limit: number, sumLimit: number): number {
  let largest = 0;
  for (let i = 0; i < row.length; i++) largest = Math.max(largest, Math.abs(row[i]));
  if (largest === 0) return 1;
  let step = largest / limit;
  for (;;) {
    let sum = 0;
    for (let i = 0; i < row.length; i++) sum += Math.abs(Math.round(row[i] / step));
    if (sum <= sumLimit) return step;
    step *= Math.max(sum / sumLimit, 1 + 2 ** -10);
  }
}

/**
 * Rounds each row of a real matrix [rows, columns] to integers of -limit..limit with a step of its
 * own, the finest for which the magnitudes of the row's integers add up to `sumLimit` at most.
 */
function roundRows(
  values: Float64Array,
  rows: number,
  limit: number,
  sumLimit: number,
): IntegerMatrix<Int16Array> {
  const columns = values.length / rows;
  const integers = new Int16Array(values.length);
  const steps = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    steps[row] = rowStep(values.subarray(from, from + columns), limit, sumLimit);
    for (let i = from; i < from + columns; i++) integers[i] = Math.round(values[i] / steps[row]);
  }
  return { integers, steps };
}

/** Rows of a real matrix as bytes of -127..127; see {@link roundRows}. */
export function toByteRows(
  values: Float64Array,
  rows: number,
  sumLimit: number,
): IntegerMatrix<Int8Array> {
  const { integers, steps } = roundRows(values, rows, 127, sumLimit);
  return { integers: Int8Array.from(integers), steps };
}

/** Rows of a real matrix as integers of -32767..32767; see {@link roundRows}. */
export function toShortRows(
  values: Float64Array,
  rows: number,
  sumLimit: number,
): IntegerMatrix<Int16Array> {
  return roundRows(values, rows, limits.factor, sumLimit);
}

function largestMagnitude(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/**
 * The requantiser nearest to y = multiplier acc + bias for accumulators of at most `bound` in
 * magnitude (larger ones saturate): the smallest preShift and the largest shift within the limits of docs/arithmetic.md.
 * What even the smallest shift cannot hold is clamped: it saturates the activation all the same.
 *
 * @param multipliers real, one a channel, in units of the output's last bit
 * @param biases real, one a channel, in units of the output's last bit
 */
export function toRequantizer(
  multipliers: Float64Array,
  biases: Float64Array,
  bound: number,
): Requantizer {
  const preShift = preShiftFor(bound);
  if (preShift > limits.preShift) throw new Error(`accumulators of up to ${bound} are too wide`);
  const multiplierReach = largestMagnitude(multipliers) * 2 ** preShift;
  const biasReach = largestMagnitude(biases);
  const fits = (shift: number) =>
    Math.round(multiplierReach * 2 ** shift) <= limits.factor &&
    Math.ceil(biasReach * 2 ** shift) + 2 ** (shift - 1) <= limits.bias;
  let shift: number = limits.shift;
  while (shift > 1 && !fits(shift)) shift--;

  const biasLimit = limits.bias - 2 ** (shift - 1);
  return {
    preShift,
    shift,
    multiplier: Int16Array.from(multipliers, (m) =>
      clampRound(m * 2 ** (preShift + shift), limits.factor),
    ),
    bias: Int32Array.from(biases, (b) => clampRound(b * 2 ** shift, biasLimit)),
  };
}

/**
 * The convolution's subset in the canonical order of model/packed.ts and its indices with it. A
 * subset of all 512 kernels becomes a free one, in which the index is the kernel's code.
 *
 * @throws Failure where members coincide or an antipodal subset is not closed under complement
 */
export function canonicalConv(conv: TrainedBinaryConv, name: string): PackedBinaryConv {
  const { tau, indices } = conv;
  const structure = tau === 9 ? 'free' : conv.structure;
  const ascending = Uint16Array.from(new Set(conv.members)).sort();
  const lower = ascending.filter((code) => code < 256);
  const members =
    structure === 'free'
      ? ascending
      : Uint16Array.from([...lower, ...lower.map((code) => 511 - code)]);
  const indexOfCode = new Map(Array.from(members, (code, index) => [code, index]));
  const complete =
    members.length === 2 ** tau && conv.members.every((code) => indexOfCode.has(code));
  if (!complete) {
    throw new Failure('input', `${name}: the subset is not one of 2^${tau} ${structure} members`, [
      'train again: the trained network is damaged',
    ]);
  }
  return {
    tau,
    structure,
    members,
    indices: indices.map((index) => indexOfCode.get(conv.members[index]) ?? 0),
  };
}
