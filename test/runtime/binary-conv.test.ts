import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelKinds, supports } from '../../src/runtime/binary-conv.js';
import { compileConvolution } from '../../src/runtime/compile-convolution.js';
import { loadProgram, operate } from '../../src/runtime/machine.js';
import { type Convolution, convolutions, convolved, shapeOf, storedMap } from './convolutions.js';

/** Compares every kernel that takes such a subset with the definition. */
function compareKernels({ conv, shape, padding, x, threshold }: Convolution) {
  const expected = convolved(x, threshold, conv, shape, padding);
  for (const kernel of kernelKinds.filter((kind) => supports(kind, conv))) {
    const options = { vector: 16, kernel, padding } as const;
    const program = compileConvolution(conv, threshold, shape, options);
    const operator = operate(loadProgram(program, 1), 0);
    operator.run(storedMap(x, shape.input.channels, 16));
    const actual = operator.read(program.logits);
    const at = actual.findIndex((sum, i) => sum !== expected[i]);
    expect({ kernel, at, sum: actual[at] }).toEqual({ kernel, at: -1, sum: undefined });
  }
}

describe('binary convolution', () => {
  it('equals its definition by every kernel, for any shape, subset and padding', () => {
    fc.assert(fc.property(convolutions, compareKernels), { numRuns: 200 });
  });

  it.each([1, 27, 28, 29, 31, 57, 256, 513, 4096])(
    'holds the largest sums of %i inputs',
    (inputs) => {
      const shape = shapeOf([2, 3], [inputs, 3], 1);
      const subsets = [
        { tau: 1, structure: 'free', members: Uint16Array.of(0, 511) },
        { tau: 1, structure: 'antipodal', members: Uint16Array.of(0, 511) },
        { tau: 6, structure: 'free', members: Uint16Array.from({ length: 64 }, (_, k) => 448 + k) },
      ] as const;
      for (const subset of subsets) {
        for (const index of [0, subset.members.length - 1]) {
          const indices = new Uint16Array(3 * inputs).fill(index);
          for (const value of [-1, 1]) {
            const x = new Int16Array(6 * inputs).fill(value);
            const threshold = new Int16Array(inputs);
            compareKernels({
              conv: { ...subset, indices },
              shape,
              padding: 'minus-one',
              x,
              threshold,
            });
          }
        }
      }
    },
  );
});
