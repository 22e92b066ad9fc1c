/**
 * The space of binary 3x3 kernels. A kernel is a code 0..511: bit `ky * 3 + kx` is 1 where its
 * element is +1 and 0 where it is -1.
 */

/** Elements of a 3x3 kernel. */
export const kernelElements = 9;

/** Binary 3x3 kernels there are. */
export const kernelCount = 2 ** kernelElements;

/** The kernel with every element of `code` negated. */
export function complement(code: number): number {
  return code ^ (kernelCount - 1);
}

/** Element `j` (0..8, row by row) of a kernel: +1 or -1. */
export function kernelElement(code: number, j: number): 1 | -1 {
  return (code >> j) & 1 ? 1 : -1;
}

/** Code of the signs of the nine values that start at `offset`; zero counts as positive. */
export function signCode(values: ArrayLike<number>, offset = 0): number {
  let code = 0;
  for (let j = 0; j < kernelElements; j++) {
    if (values[offset + j] >= 0) code |= 1 << j;
  }
  return code;
}
