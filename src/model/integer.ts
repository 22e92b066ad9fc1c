import type { Requantizer } from './packed.js';

/** Saturates to 16 bits: S(a) of docs/arithmetic.md. */
export function saturate16(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

/** value / 2^shift, rounded to nearest, halves up; `value` + 2^(shift-1) must fit int32. */
export function roundShift(value: number, shift: number): number {
  return shift === 0 ? value : (value + 2 ** (shift - 1)) >> shift;
}

/** Accumulator to int16 activation of channel `c`: Q(acc, c) of docs/arithmetic.md. */
export function requantize(accumulator: number, requantizer: Requantizer, c: number): number {
  const { preShift, shift, multiplier, bias } = requantizer;
  const product = saturate16(roundShift(accumulator, preShift)) * multiplier[c];
  return saturate16(roundShift(product + bias[c], shift));
}

/** Fractional bits of a PReLU slope. */
export const slopeFractionBits = 12;

/** PReLU of an int16 with an int16 slope of 12 fractional bits; int16. */
export function prelu(value: number, slope: number): number {
  return value >= 0 ? value : saturate16(roundShift(value * slope, slopeFractionBits));
}

/** Fractional bits of the reciprocal in {@link averageConstants}. */
const reciprocalFractionBits = 14;

/**
 * The global average over `positions` (1..2^14) values without division: with sum of int16 values,
 * S(roundShift(roundShift(sum, shift) * reciprocal, 14)). Both factors are int16.
 */
export function averageConstants(positions: number): { shift: number; reciprocal: number } {
  const shift = Math.ceil(Math.log2(positions));
  return { shift, reciprocal: Math.round(2 ** (reciprocalFractionBits + shift) / positions) };
}

/** Global average of `positions` int16 values by their sum; int16. */
export function globalAverage(sum: number, positions: number): number {
  const { shift, reciprocal } = averageConstants(positions);
  return saturate16(roundShift(roundShift(sum, shift) * reciprocal, reciprocalFractionBits));
}

/** Average of the 1, 2 or 4 int16 values of a 2x2 pooling window by their sum; int16. */
export function windowAverage(sum: number, count: number): number {
  return (sum * (4 / count) + 2) >> 2;
}
