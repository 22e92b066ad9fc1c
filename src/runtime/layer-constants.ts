import type { Requantizer } from '../model/packed.js';
import type { Constants } from './constants.js';

/** `values` filled up to `stored` of them. */
export function filled(values: Int16Array | Int32Array, stored: number, filler = 0) {
  const array = values instanceof Int16Array ? new Int16Array(stored) : new Int32Array(stored);
  array.fill(filler);
  array.set(values);
  return array;
}

export function layRequantizer(
  { preShift, shift, multiplier, bias }: Requantizer,
  stored: number,
  constants: Constants,
): number[] {
  const half = 2 ** (shift - 1);
  const offsets = bias.map((b) => b + half);
  return [
    preShift,
    shift,
    constants.add(filled(Int32Array.from(multiplier), stored)),
    constants.add(filled(offsets, stored)),
  ];
}

/**
 * Weights [outputs, rows, taps] as kernels/dense.h reads them, two taps side by side:
 * [rows, pairs, stored outputs, 2]. Fields of `Dense`.
 */
export function layDense(
  weight: Int8Array | Int16Array,
  outputs: number,
  rows: number,
  stored: number,
  constants: Constants,
): number[] {
  const taps = weight.length / (outputs * rows);
  const pairs = Math.ceil(taps / 2);
  const laid = new Int16Array(rows * pairs * stored * 2);
  for (let o = 0; o < outputs; o++) {
    for (let row = 0; row < rows; row++) {
      for (let tap = 0; tap < taps; tap++) {
        const pair = row * pairs + (tap >> 1);
        laid[(pair * stored + o) * 2 + (tap & 1)] = weight[(o * rows + row) * taps + tap];
      }
    }
  }
  return [rows, pairs, stored, constants.add(laid)];
}
