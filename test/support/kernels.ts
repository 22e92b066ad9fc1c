import fc from 'fast-check';
import type { SubsetStructure } from '../../src/subbit/subset.js';

/** The nine elements of a kernel code, row by row: bit j set means +1. */
export function signsOf(code: number): number[] {
  return Array.from({ length: 9 }, (_, j) => (Math.floor(code / 2 ** j) % 2 === 1 ? 1 : -1));
}

/** The code of nine values' signs; zero counts as positive. */
export function codeOf(values: readonly number[]): number {
  return values.reduce((code, value, j) => code + (value >= 0 ? 2 ** j : 0), 0);
}

export const taus = fc.integer({ min: 1, max: 9 });
export const structures = fc.constantFrom<SubsetStructure>('free', 'antipodal');
