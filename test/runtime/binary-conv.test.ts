import { describe, expect, it } from 'vitest';
import type { PackedBinaryConv } from '../../src/model/packed.js';
import { type KernelKind, prepareKernel } from '../../src/runtime/binary-conv.js';
import { packCodes, wordsFor } from '../../src/runtime/windows.js';

const positions = 5;

/** Accumulators where every position sees `window` in every channel and every kernel is `index`. */
function accumulators(
  kind: KernelKind,
  conv: Omit<PackedBinaryConv, 'indices'>,
  inputs: number,
  index: number,
  window: number,
): number[] {
  const outputs = 3;
  const indices = new Uint16Array(outputs * inputs).fill(index);
  const kernel = prepareKernel(kind, { ...conv, indices }, outputs, positions);
  const words = wordsFor(inputs);
  const windows = new Int32Array(8 * words);
  for (let p = 0; p < positions; p++) {
    packCodes(new Uint16Array(inputs).fill(window), windows, p * words);
  }
  const sums = new Int32Array(positions * outputs);
  kernel(windows, sums);
  return [...new Set(sums)];
}

const subsets = {
  free: { tau: 1, structure: 'free', members: Uint16Array.of(0, 0b101010101) },
  antipodal: { tau: 1, structure: 'antipodal', members: Uint16Array.of(0, 511) },
} as const;

describe.each(['popcount', 'responses'] as const)('binary convolution by %s', (kind) => {
  it.each([1, 3, 9, 28, 29, 31, 90, 91, 256, 513])(
    'holds the largest sums of %i inputs',
    (inputs) => {
      const { free, antipodal } = subsets;
      expect(accumulators(kind, free, inputs, 0, 511)).toEqual([-9 * inputs]);
      expect(accumulators(kind, free, inputs, 0, 0)).toEqual([9 * inputs]);
      expect(accumulators(kind, free, inputs, 1, 511)).toEqual([inputs]);
      expect(accumulators(kind, antipodal, inputs, 1, 511)).toEqual([9 * inputs]);
      expect(accumulators(kind, antipodal, inputs, 1, 0)).toEqual([-9 * inputs]);
      expect(accumulators(kind, antipodal, inputs, 0, 0b111)).toEqual([3 * inputs]);
    },
  );
});
