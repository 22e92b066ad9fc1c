import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConvShape } from '../../src/model/network.js';
import type { PackedBinaryConv } from '../../src/model/packed.js';
import {
  kernelKinds,
  type Padding,
  storedChannels,
  supports,
} from '../../src/runtime/binary-conv.js';
import { compileConvolution } from '../../src/runtime/compile-convolution.js';
import { loadProgram, operate } from '../../src/runtime/machine.js';
import { stream } from '../../src/util/random.js';
import { randomConv } from '../model/networks.js';

/** The definition: a sum over taps and channels of weight times bit, both -1 or +1. */
function convolved(
  x: Int16Array,
  threshold: Int16Array,
  { members, indices }: PackedBinaryConv,
  { stride, input, output }: ConvShape,
  padding: Padding,
): Int32Array {
  const { height, width, channels } = input;
  const sums = new Int32Array(output.height * output.width * output.channels);
  const bits = x.map((value, i) => (value >= threshold[i % channels] ? 1 : -1));
  const outside = new Int16Array(channels).fill(padding === 'zero' ? 0 : -1);
  const under = (row: number, column: number) =>
    row >= 0 && row < height && column >= 0 && column < width
      ? bits.subarray((row * width + column) * channels, (row * width + column + 1) * channels)
      : outside;
  for (let tap = 0; tap < 9; tap++) {
    const weights = Array.from(indices, (index) => ((members[index] >> tap) & 1 ? 1 : -1));
    for (let p = 0; p < output.height * output.width; p++) {
      const row = stride * Math.floor(p / output.width) + Math.floor(tap / 3) - 1;
      const seen = under(row, stride * (p % output.width) + (tap % 3) - 1);
      for (let o = 0; o < output.channels; o++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += weights[o * channels + c] * seen[c];
        sums[p * output.channels + o] += sum;
      }
    }
  }
  return sums;
}

/** A map as the kernels store it: channels filled up to whole vectors. */
function storedMap(x: Int16Array, channels: number): Uint8Array {
  const stored = storedChannels(channels, 16);
  const map = new Int16Array((x.length / channels) * stored);
  for (let p = 0; p * channels < x.length; p++) {
    map.set(x.subarray(p * channels, (p + 1) * channels), p * stored);
  }
  return new Uint8Array(map.buffer);
}

function shapeOf(
  [height, width]: readonly [number, number],
  [inputs, outputs]: readonly [number, number],
  stride: 1 | 2,
): ConvShape {
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  return {
    kernel: 3,
    stride,
    input: { height, width, channels: inputs },
    output: { height: rows, width: columns, channels: outputs },
  };
}

/** Compares every kernel that takes such a subset with the definition. */
function compareKernels(
  conv: PackedBinaryConv,
  shape: ConvShape,
  padding: Padding,
  x: Int16Array,
  threshold: Int16Array,
) {
  const expected = convolved(x, threshold, conv, shape, padding);
  for (const kernel of kernelKinds.filter((kind) => supports(kind, conv))) {
    const options = { vector: 16, kernel, padding } as const;
    const program = compileConvolution(conv, threshold, shape, options);
    const operator = operate(loadProgram(program, 1), 0);
    operator.run(storedMap(x, shape.input.channels));
    const actual = operator.read(program.logits);
    const at = actual.findIndex((sum, i) => sum !== expected[i]);
    expect({ kernel, at, sum: actual[at] }).toEqual({ kernel, at: -1, sum: undefined });
  }
}

const plans = fc.record({
  seed: fc.nat(),
  size: fc.tuple(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 19 })),
  channels: fc.tuple(
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 96)),
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 80, 129)),
  ),
  stride: fc.constantFrom<1 | 2>(1, 2),
  tau: fc.integer({ min: 1, max: 9 }),
  structure: fc.constantFrom<'free' | 'antipodal'>('free', 'antipodal'),
  padding: fc.constantFrom<Padding>('minus-one', 'zero'),
});

describe('binary convolution', () => {
  it('equals its definition by every kernel, for any shape, subset and padding', () => {
    fc.assert(
      fc.property(plans, ({ seed, size, channels, stride, tau, structure, padding }) => {
        const shape = shapeOf(size, channels, stride);
        const [inputs, outputs] = channels;
        const random = stream(seed, 'convolution');
        const conv = randomConv(tau, structure, inputs * outputs, random);
        const draw = () => random.below(7) - 3;
        const x = Int16Array.from({ length: size[0] * size[1] * inputs }, draw);
        const threshold = Int16Array.from({ length: inputs }, draw);
        compareKernels(conv, shape, padding, x, threshold);
      }),
      { numRuns: 200 },
    );
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
            compareKernels({ ...subset, indices }, shape, 'minus-one', x, new Int16Array(inputs));
          }
        }
      }
    },
  );
});
