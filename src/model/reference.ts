import { globalAverage, prelu, requantize, saturate16, windowAverage } from './integer.js';
import {
  type BlockShape,
  blockOutput,
  type ConvShape,
  isPooled,
  type MapShape,
} from './network.js';
import {
  type PackedBinaryConv,
  type PackedBlock,
  type PackedInput,
  type PackedModel,
  type Requantizer,
  sightOf,
} from './packed.js';
import type { LayerTrace, Trace } from './trace.js';

/*
 * The arithmetic of docs/arithmetic.md, line by line and with no thought of speed: what every other
 * implementation is compared with.
 */

interface IntegerMap {
  readonly shape: MapShape;
  /** [height, width, channels]. */
  readonly values: Int32Array;
}

function mapOf(
  shape: MapShape,
  value: (row: number, column: number, channel: number) => number,
): IntegerMap {
  const values = new Int32Array(shape.height * shape.width * shape.channels);
  let i = 0;
  for (let row = 0; row < shape.height; row++) {
    for (let column = 0; column < shape.width; column++) {
      for (let channel = 0; channel < shape.channels; channel++) {
        values[i++] = value(row, column, channel);
      }
    }
  }
  return { shape, values };
}

/** The value at a place of the map, or `outside` beyond its edge. */
function at(map: IntegerMap, row: number, column: number, channel: number, outside: number) {
  const { height, width, channels } = map.shape;
  const inside = row >= 0 && row < height && column >= 0 && column < width;
  return inside ? map.values[(row * width + column) * channels + channel] : outside;
}

/**
 * Accumulators of a convolution.
 *
 * @param weight [Cout, kernel, kernel, Cin]
 * @param padding the value that taps outside of the map see
 */
function convolve(
  input: IntegerMap,
  { kernel, stride, output }: ConvShape,
  weight: Int8Array | Int16Array,
  padding: number,
): IntegerMap {
  const pad = kernel >> 1;
  const { height, width, channels } = input.shape;
  return mapOf(output, (row, column, o) => {
    let sum = 0;
    for (let ky = 0; ky < kernel; ky++) {
      for (let kx = 0; kx < kernel; kx++) {
        const y = stride * row + ky - pad;
        const x = stride * column + kx - pad;
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        const from = ((o * kernel + ky) * kernel + kx) * channels;
        for (let c = 0; c < channels; c++) {
          sum +=
            weight[from + c] * (inside ? input.values[(y * width + x) * channels + c] : padding);
        }
      }
    }
    return sum;
  });
}

/** The kernels that a binary convolution's indices name, as weights of -1 and +1 [Cout, 3, 3, Cin]. */
function binaryWeights({ members, indices }: PackedBinaryConv, inputs: number): Int8Array {
  const weights = new Int8Array(9 * indices.length);
  indices.forEach((index, i) => {
    const [o, c] = [Math.floor(i / inputs), i % inputs];
    for (let j = 0; j < 9; j++) {
      weights[(o * 9 + j) * inputs + c] = (members[index] >> j) & 1 ? 1 : -1;
    }
  });
  return weights;
}

function requantizeMap({ shape, values }: IntegerMap, requantizer: Requantizer): IntegerMap {
  const activations = values.map((sum, i) => requantize(sum, requantizer, i % shape.channels));
  return { shape, values: activations };
}

/** Max pooling of stride 2: windows of 2x2 (`first` 0), or of 3x3 with a padding of 1 (`first` -1). */
function maxPool(input: IntegerMap, shape: MapShape, first: 0 | -1): IntegerMap {
  return mapOf(shape, (row, column, channel) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let dy = first; dy <= 1; dy++) {
      for (let dx = first; dx <= 1; dx++) {
        const value = at(input, 2 * row + dy, 2 * column + dx, channel, Number.NEGATIVE_INFINITY);
        largest = Math.max(largest, value);
      }
    }
    return largest;
  });
}

/** 2x2 average pooling of stride 2; windows at an odd edge average the pixels that they have. */
function averagePool(input: IntegerMap): IntegerMap {
  const { height, width, channels } = input.shape;
  const shape = { height: Math.ceil(height / 2), width: Math.ceil(width / 2), channels };
  return mapOf(shape, (row, column, channel) => {
    const rows = Math.min(2, height - 2 * row);
    const columns = Math.min(2, width - 2 * column);
    let sum = 0;
    for (let dy = 0; dy < rows; dy++) {
      for (let dx = 0; dx < columns; dx++) {
        sum += at(input, 2 * row + dy, 2 * column + dx, channel, 0);
      }
    }
    return windowAverage(sum, rows * columns);
  });
}

function shortcutOf(
  x: IntegerMap,
  block: PackedBlock,
  { shortcut, conv: { output } }: BlockShape,
): IntegerMap | null {
  if (shortcut === 'none') return null;
  if (!block.shortcut) return x;
  const pooled = averagePool(x);
  const shape: ConvShape = { kernel: 1, stride: 1, input: pooled.shape, output };
  const sums = convolve(pooled, shape, block.shortcut.weight, 0);
  return requantizeMap(sums, block.shortcut.requantizer);
}

/** What a block's convolution sees of the block's input `x`. */
function seenOf({ shape, values }: IntegerMap, input: PackedInput): IntegerMap {
  const { channels } = shape;
  const see =
    input.activations === 'binary'
      ? (value: number, c: number) => (value >= input.threshold[c] ? 1 : -1)
      : (value: number, c: number) => saturate16(value + input.shift[c]);
  return { shape, values: values.map((value, j) => see(value, j % channels)) };
}

function stemInput(model: PackedModel, image: Uint8Array): IntegerMap {
  const shape = model.shape.input;
  const { width, channels } = shape;
  return mapOf(shape, (row, column, channel) => {
    const pixel = image[(row * width + column) * channels + channel];
    return pixel - model.inputZero[channel];
  });
}

/**
 * Runs one image through the model and returns every map on its way.
 *
 * @param image pixels [height, width, channels]
 */
export function referenceTrace(model: PackedModel, image: Uint8Array): Trace {
  const trace: LayerTrace[] = [];
  const record = (name: string, map: IntegerMap): IntegerMap => {
    trace.push({ name, ...map });
    return map;
  };

  const { shape, stem, classifier } = model;
  const pixels = stemInput(model, image);
  const stemSums = record('stem.conv', convolve(pixels, shape.stem.conv, stem.weight, 0));
  const activations = requantizeMap(stemSums, stem.requantizer);
  const stemOutput = shape.stem.pool ? maxPool(activations, shape.stem.output, -1) : activations;
  let x = record('stem', stemOutput);

  for (const [i, block] of model.blocks.entries()) {
    const layer = shape.blocks[i];
    const { name, conv } = layer;
    const weights = binaryWeights(block.conv, conv.input.channels);
    const padding = sightOf(block.input) === 'binary' ? -1 : 0;
    const output = blockOutput(layer);
    const sums = convolve(seenOf(x, block.input), conv, weights, padding);
    const convolved = record(`${name}.conv`, sums);
    const acc = isPooled(layer) ? record(`${name}.pool`, maxPool(convolved, output, 0)) : convolved;
    const s = shortcutOf(x, block, layer);
    if (s && block.shortcut) record(`${name}.shortcut`, s);
    const values = acc.values.map((sum, j) => {
      const o = j % output.channels;
      const u = saturate16(requantize(sum, block.requantizer, o) + (s ? s.values[j] : 0));
      return saturate16(prelu(u, block.slope[o]) + block.shiftOut[o]);
    });
    x = record(name, { shape: output, values });
  }

  const positions = x.shape.height * x.shape.width;
  const average = mapOf({ height: 1, width: 1, channels: x.shape.channels }, (_y, _x, channel) => {
    let sum = 0;
    for (let p = 0; p < positions; p++) sum += x.values[p * x.shape.channels + channel];
    return globalAverage(sum, positions);
  });
  record('pool', average);

  const classes = shape.classifier.classes;
  const logits = mapOf({ height: 1, width: 1, channels: classes }, (_y, _x, k) => {
    const products = average.values.map((a, c) => a * classifier.weight[k * x.shape.channels + c]);
    return products.reduce((sum, product) => sum + product, classifier.bias[k]);
  });
  record('logits', logits);
  return trace;
}

/** Logits of one image, [classes]. */
export function referenceLogits(model: PackedModel, image: Uint8Array): Int32Array {
  const trace = referenceTrace(model, image);
  return trace[trace.length - 1].values;
}

/** The class of the largest logit; the lowest class wins a tie. */
export function argmax(logits: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k] > logits[best]) best = k;
  return best;
}

/** The class that each row of logits [images, classes] chooses. */
export function predictionsOf(logits: Float32Array | Int32Array, classes: number): Uint16Array {
  return Uint16Array.from({ length: logits.length / classes }, (_, image) =>
    argmax(logits.subarray(image * classes, (image + 1) * classes)),
  );
}
