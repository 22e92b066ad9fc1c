import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/model/bounds.js';
import type { ConvShape } from '../../src/model/network.js';
import type { PackedBinaryConv } from '../../src/model/packed.js';
import { compileConvolution } from '../../src/runtime/compile-convolution.js';
import { loadProgram, operate } from '../../src/runtime/machine.js';
import { fastestValueKernel, supportsValues, valueKinds } from '../../src/runtime/value-conv.js';
import { stream } from '../../src/util/random.js';
import { convolutions, shapeOf, storedMap, sumsOf } from './convolutions.js';

/** Compares every kernel that takes such a subset with the definition. */
function compareKernels(
  conv: PackedBinaryConv,
  shape: ConvShape,
  x: Int16Array,
  shift: Int16Array,
): Int32Array {
  const { channels } = shape.input;
  const seen = Int16Array.from(x, (value, i) =>
    Math.max(-32768, Math.min(32767, value + shift[i % channels])),
  );
  const expected = sumsOf(seen, 0, conv, shape);
  for (const kernel of valueKinds.filter((kind) => supportsValues(kind, conv))) {
    const program = compileConvolution(conv, shift, shape, { vector: 16, kernel });
    const operator = operate(loadProgram(program, 1), 0);
    operator.run(storedMap(x, channels, 16));
    const actual = operator.read(program.logits);
    const at = actual.findIndex((sum, i) => sum !== expected[i]);
    expect({ kernel, at, sum: actual[at] }).toEqual({ kernel, at: -1, sum: undefined });
  }
  return expected;
}

const int16 = [-32768, -32767, -1, 0, 1, 32767];

describe('convolution of int16 activations', () => {
  it('equals its definition by every kernel, for any shape and subset', () => {
    fc.assert(
      fc.property(convolutions, fc.nat(), ({ conv, shape, x }, seed) => {
        const random = stream(seed, 'values');
        const draw = () =>
          random.below(3) === 0 ? int16[random.below(int16.length)] : random.below(65536) - 32768;
        compareKernels(conv, shape, x.map(draw), new Int16Array(shape.input.channels).map(draw));
      }),
      { numRuns: 100 },
    );
  });

  it.each([1, 7, 256, limits.channels])('holds the largest sums of %i inputs', (inputs) => {
    const shape = shapeOf([3, 3], [inputs, 2], 1);
    const members = Uint16Array.of(0, 511);
    for (const structure of ['free', 'antipodal'] as const) {
      for (const index of [0, 1]) {
        const conv = {
          tau: 1,
          structure,
          members,
          indices: new Uint16Array(2 * inputs).fill(index),
        };
        const x = new Int16Array(9 * inputs).fill(-32768);
        const sums = compareKernels(conv, shape, x, new Int16Array(inputs).fill(-1));
        const middle = sums[2 * 4];
        expect(Math.abs(middle)).toBe(9 * inputs * 32768);
        expect(Math.abs(middle) + 2 ** (limits.preShift - 1)).toBeLessThan(2 ** 31);
      }
    }
  });
});

it('takes response planes where outputs are many, and never at 1 bit', () => {
  const chosen = (tau: number, structure: 'free' | 'antipodal', outputs: number) =>
    ([16, 32] as const).map((vector) =>
      fastestValueKernel({ tau, structure }, shapeOf([7, 7], [16, outputs], 1), vector),
    );
  for (const outputs of [1, 16, 64, 512])
    expect(chosen(9, 'free', outputs)).toEqual(['valueSplit', 'valueSplit']);
  for (const structure of ['free', 'antipodal'] as const) {
    expect(chosen(4, structure, 64)).toEqual(['valuePlanes', 'valuePlanes']);
    expect(chosen(5, structure, 128)).toEqual(['valuePlanes', 'valuePlanes']);
    expect(chosen(8, structure, 16)).toEqual(['valueSplit', 'valueSplit']);
  }
});
