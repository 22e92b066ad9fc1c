import { averageConstants, reciprocalFractionBits, slopeFractionBits } from '../model/integer.js';
import {
  type BlockShape,
  blockOutput,
  isPooled,
  lastMap,
  type MapShape,
  type NetworkShape,
} from '../model/network.js';
import type { PackedBlock, PackedModel, PackedReal } from '../model/packed.js';
import { fasterKernel, type KernelKind, prepareKernel } from './binary-conv.js';
import { prepareMaxPool } from './max-pool.js';
import { readyRequantizer, requantized, saturated } from './requantize.js';
import { prepareWindows } from './windows.js';

/** A map that a layer overwrites with every image. */
export interface LiveMap {
  readonly name: string;
  readonly shape: MapShape;
  /** [height, width, channels]. */
  readonly values: Int16Array | Int32Array;
}

/** A layer made ready: all its buffers are there, running it allocates nothing. */
export interface Layer<Input> {
  readonly run: (input: Input) => void;
  /** [height, width, channels]; written by `run`. */
  readonly output: Int16Array;
  /** Named maps that `run` writes, in order of computation. */
  readonly maps: readonly LiveMap[];
}

function valuesOf({ height, width, channels }: MapShape): number {
  return height * width * channels;
}

/** Sum of `length` products of weights from `i` on with activations from `j` on; it fits int32. */
function dot(weight: Int16Array, i: number, x: Int16Array, j: number, length: number): number {
  let sum = 0;
  for (let n = 0; n < length; n++) sum = (sum + Math.imul(weight[i + n], x[j + n])) | 0;
  return sum;
}

/** The stem: pixels to activations. */
export function prepareStem(model: PackedModel): Layer<Uint8Array> {
  const { conv, pool, output } = model.shape.stem;
  const { kernel, stride, input } = conv;
  const { weight } = model.stem;
  const requantizer = readyRequantizer(model.stem.requantizer);
  const pad = kernel >> 1;
  const rowLength = (input.width + 2 * pad) * input.channels;
  const padded = new Int16Array((input.height + 2 * pad) * rowLength);
  const taps = kernel * input.channels;
  const sums = new Int32Array(valuesOf(conv.output));
  const activations = new Int16Array(sums.length);
  const result = pool ? new Int16Array(valuesOf(output)) : activations;
  const poolInto = pool ? prepareMaxPool(conv.output, 3, result) : null;
  const outputs = conv.output.channels;

  const center = (image: Uint8Array) => {
    let from = 0;
    for (let row = 0; row < input.height; row++) {
      let to = (row + pad) * rowLength + pad * input.channels;
      for (let column = 0; column < input.width; column++) {
        for (let c = 0; c < input.channels; c++) {
          padded[to++] = image[from++] - model.inputZero[c];
        }
      }
    }
  };
  const run = (image: Uint8Array) => {
    center(image);
    let to = 0;
    for (let row = 0; row < conv.output.height; row++) {
      for (let column = 0; column < conv.output.width; column++) {
        const corner = stride * row * rowLength + stride * column * input.channels;
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (let ky = 0; ky < kernel; ky++) {
            const from = (o * kernel + ky) * taps;
            sum += dot(weight, from, padded, corner + ky * rowLength, taps);
          }
          sums[to] = sum;
          activations[to++] = requantized(sum, requantizer, o);
        }
      }
    }
    poolInto?.(activations);
  };
  return {
    run,
    output: result,
    maps: [
      { name: 'stem.conv', shape: conv.output, values: sums },
      { name: 'stem', shape: output, values: result },
    ],
  };
}

/** 2x2 average pooling of stride 2 and a 1x1 convolution. */
function prepareDownsample(
  { weight: bytes, requantizer }: PackedReal<Int8Array>,
  input: MapShape,
  output: MapShape,
): Omit<Layer<Int16Array>, 'maps'> {
  const weight = Int16Array.from(bytes);
  const q = readyRequantizer(requantizer);
  const result = new Int16Array(valuesOf(output));
  const inputs = input.channels;
  const pixel = new Int16Array(inputs);
  const run = (x: Int16Array) => {
    let to = 0;
    for (let row = 0; row < output.height; row++) {
      const down = 2 * row + 1 < input.height ? input.width * inputs : 0;
      for (let column = 0; column < output.width; column++) {
        const right = 2 * column + 1 < input.width ? inputs : 0;
        const corner = (2 * row * input.width + 2 * column) * inputs;
        for (let at = corner; at < corner + inputs; at++) {
          // Beyond an edge the pixels inside count twice: 4 / n times the sum of the window.
          const sum = x[at] + x[at + right] + x[at + down] + x[at + down + right];
          pixel[at - corner] = (sum + 2) >> 2;
        }
        for (let o = 0; o < output.channels; o++) {
          result[to++] = requantized(dot(weight, o * inputs, pixel, 0, inputs), q, o);
        }
      }
    }
  };
  return { run, output: result };
}

/** One block: binary convolution, max pooling where it has it, shortcut and activation. */
export function prepareBlock(
  block: PackedBlock,
  shape: BlockShape,
  kind: KernelKind | undefined,
): Layer<Int16Array> {
  const { name, conv } = shape;
  const output = blockOutput(shape);
  const outputs = conv.output.channels;
  const positions = conv.output.height * conv.output.width;
  const windows = prepareWindows(conv, block.threshold);
  const chosen = kind ?? fasterKernel(block.conv, outputs);
  const convolve = prepareKernel(chosen, block.conv, outputs, positions);
  const sums = new Int32Array(positions * outputs);
  const pooled = isPooled(shape) ? new Int32Array(valuesOf(output)) : sums;
  const poolInto = isPooled(shape) ? prepareMaxPool(conv.output, 2, pooled) : null;
  const result = new Int16Array(pooled.length);
  const none = shape.shortcut === 'none' ? new Int16Array(pooled.length) : null;
  const downsample = block.shortcut && prepareDownsample(block.shortcut, conv.input, conv.output);
  const q = readyRequantizer(block.requantizer);
  const { slope, shiftOut } = block;
  const half = 1 << (slopeFractionBits - 1);

  const run = (x: Int16Array) => {
    windows.fill(x);
    convolve(windows.words, sums);
    poolInto?.(sums);
    downsample?.run(x);
    const shortcut = downsample?.output ?? none ?? x;
    for (let from = 0; from < pooled.length; from += outputs) {
      for (let o = 0; o < outputs; o++) {
        const u = saturated(requantized(pooled[from + o], q, o) + shortcut[from + o]);
        const v = u >= 0 ? u : saturated((Math.imul(u, slope[o]) + half) >> slopeFractionBits);
        result[from + o] = saturated(v + shiftOut[o]);
      }
    }
  };
  const maps: LiveMap[] = [{ name: `${name}.conv`, shape: conv.output, values: sums }];
  if (poolInto) maps.push({ name: `${name}.pool`, shape: output, values: pooled });
  if (downsample) {
    maps.push({ name: `${name}.shortcut`, shape: conv.output, values: downsample.output });
  }
  maps.push({ name, shape: output, values: result });
  return { run, output: result, maps };
}

/** Global average and classifier: activations to logits. */
export function prepareClassifier(
  { weight: bytes, bias }: PackedModel['classifier'],
  shape: NetworkShape,
): { run: (x: Int16Array) => void; logits: Int32Array; maps: readonly LiveMap[] } {
  const { height, width, channels } = lastMap(shape);
  const { shift, reciprocal } = averageConstants(height * width);
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  const reciprocalHalf = 1 << (reciprocalFractionBits - 1);
  const weight = Int16Array.from(bytes);
  const average = new Int16Array(channels);
  const logits = new Int32Array(bias.length);
  const run = (x: Int16Array) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let at = c; at < x.length; at += channels) sum += x[at];
      const product = Math.imul((sum + half) >> shift, reciprocal);
      average[c] = saturated((product + reciprocalHalf) >> reciprocalFractionBits);
    }
    for (let k = 0; k < logits.length; k++) {
      logits[k] = bias[k] + dot(weight, k * channels, average, 0, channels);
    }
  };
  const vector = (length: number): MapShape => ({ height: 1, width: 1, channels: length });
  return {
    run,
    logits,
    maps: [
      { name: 'pool', shape: vector(channels), values: average },
      { name: 'logits', shape: vector(logits.length), values: logits },
    ],
  };
}
