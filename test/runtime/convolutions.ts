import fc from 'fast-check';
import type { ConvShape } from '../../src/model/network.js';
import type { PackedBinaryConv, PackedModel } from '../../src/model/packed.js';
import type { Activations, Padding } from '../../src/model/trained.js';
import {
  kernelKinds,
  storedChannels,
  supports,
  type VectorBytes,
} from '../../src/runtime/binary-conv.js';
import type { RuntimeOptions } from '../../src/runtime/index.js';
import { supportsValues, valueKinds } from '../../src/runtime/value-conv.js';
import { stream } from '../../src/util/random.js';
import { randomConv } from '../model/networks.js';

/**
 * The definition: a sum over taps and channels of weight (-1 or +1) times what is seen.
 *
 * @param seen [height, width, channels]
 * @param beyond what is seen outside of the map
 */
export function sumsOf(
  seen: Int16Array,
  beyond: number,
  { members, indices }: PackedBinaryConv,
  { stride, input, output }: ConvShape,
): Int32Array {
  const { height, width, channels } = input;
  const sums = new Int32Array(output.height * output.width * output.channels);
  const outside = new Int16Array(channels).fill(beyond);
  const under = (row: number, column: number) =>
    row >= 0 && row < height && column >= 0 && column < width
      ? seen.subarray((row * width + column) * channels, (row * width + column + 1) * channels)
      : outside;
  for (let tap = 0; tap < 9; tap++) {
    const weights = Array.from(indices, (index) => ((members[index] >> tap) & 1 ? 1 : -1));
    for (let p = 0; p < output.height * output.width; p++) {
      const row = stride * Math.floor(p / output.width) + Math.floor(tap / 3) - 1;
      const window = under(row, stride * (p % output.width) + (tap % 3) - 1);
      for (let o = 0; o < output.channels; o++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += weights[o * channels + c] * window[c];
        sums[p * output.channels + o] += sum;
      }
    }
  }
  return sums;
}

/** The sums of a convolution of bits, each -1 or +1. */
export function convolved(
  x: Int16Array,
  threshold: Int16Array,
  conv: PackedBinaryConv,
  shape: ConvShape,
  padding: Padding,
): Int32Array {
  const bits = x.map((value, i) => (value >= threshold[i % shape.input.channels] ? 1 : -1));
  return sumsOf(bits, padding === 'zero' ? 0 : -1, conv, shape);
}

/** A map as the kernels store it: channels filled up to whole vectors. */
export function storedMap(x: Int16Array, channels: number, vector: VectorBytes): Uint8Array {
  const stored = storedChannels(channels, vector);
  const map = new Int16Array((x.length / channels) * stored);
  for (let p = 0; p * channels < x.length; p++) {
    map.set(x.subarray(p * channels, (p + 1) * channels), p * stored);
  }
  return new Uint8Array(map.buffer);
}

export function shapeOf(
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

/** A convolution of a map `x`: int16, [height, width, Cin]. */
export interface Convolution {
  readonly conv: PackedBinaryConv;
  readonly shape: ConvShape;
  readonly padding: Padding;
  readonly x: Int16Array;
  readonly threshold: Int16Array;
}

/** Convolutions of any shape, subset and padding. */
export const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
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
  })
  .map(({ seed, size, channels, stride, tau, structure, padding }) => {
    const [inputs, outputs] = channels;
    const random = stream(seed, 'convolution');
    const draw = () => random.below(7) - 3;
    return {
      conv: randomConv(tau, structure, inputs * outputs, random),
      shape: shapeOf(size, channels, stride),
      padding,
      x: Int16Array.from({ length: size[0] * size[1] * inputs }, draw),
      threshold: Int16Array.from({ length: inputs }, draw),
    };
  });

/** Every way of computing all layers of a model; the last one is whatever the runtime chooses. */
export function kernelsFor({ blocks }: PackedModel): RuntimeOptions[] {
  const sees = (activations: Activations) =>
    blocks.filter(({ input }) => input.activations === activations);
  const able = kernelKinds.filter((kind) =>
    sees('binary').every(({ conv }) => supports(kind, conv)),
  );
  const ableOfValues = valueKinds.filter((kind) =>
    sees('real').every(({ conv }) => supportsValues(kind, conv)),
  );
  return [...able, ...ableOfValues, null].map((kernel) => ({ kernel }));
}
