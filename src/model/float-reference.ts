import {
  type BlockShape,
  blockOutput,
  type ConvShape,
  isPooled,
  type MapShape,
} from './network.js';
import type { TrainedBlock, TrainedNetwork, TrainedNorm } from './trained.js';
import { normEpsilon } from './trained.js';

/*
 * A trained network's inference in float64, line by line as model/trained.ts defines it: what the
 * training engine and the packed model are compared with.
 */

/** One named map of an image's way through a trained network. */
export interface FloatLayer {
  readonly name: string;
  readonly shape: MapShape;
  /** [height, width, channels]. */
  readonly values: Float64Array;
}

/**
 * Maps by the names of model/trace.ts but for `<block>.pool`: `<block>.conv` is what weights of -1 and +1
 * give, in front of their scale (with real weights, what these give). Besides, `<block>.branch` =
 * norm(pool(scale * conv)) + shiftMid, `<block>.sum` = branch + shortcut, `<block>.prelu`, and
 * `<block>.seen`, what the convolution sees, where activations are real.
 */
export type FloatTrace = readonly FloatLayer[];

/** A feature map in float64. */
export type FloatMap = Omit<FloatLayer, 'name'>;

function mapOf(shape: MapShape, value: (y: number, x: number, c: number) => number): FloatMap {
  const values = new Float64Array(shape.height * shape.width * shape.channels);
  let i = 0;
  for (let y = 0; y < shape.height; y++) {
    for (let x = 0; x < shape.width; x++) {
      for (let c = 0; c < shape.channels; c++) values[i++] = value(y, x, c);
    }
  }
  return { shape, values };
}

/** Each value of a map with its channel, put through `change`. */
function perChannel(map: FloatMap, change: (value: number, c: number, i: number) => number) {
  const { channels } = map.shape;
  return { ...map, values: map.values.map((value, i) => change(value, i % channels, i)) };
}

/** @param weight [Cout, kernel, kernel, Cin] */
function convolve(
  input: FloatMap,
  { kernel, stride, output }: ConvShape,
  weight: Float64Array,
  padding: number,
): FloatMap {
  const { height, width, channels } = input.shape;
  const pad = kernel >> 1;
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

function normalize(map: FloatMap, { gamma, beta, mean, variance }: TrainedNorm): FloatMap {
  return perChannel(
    map,
    (value, c) => (gamma[c] * (value - mean[c])) / Math.sqrt(variance[c] + normEpsilon) + beta[c],
  );
}

/** The largest (`max`) or the mean of the map's values in a window, by its half-open bounds. */
function pool(
  input: FloatMap,
  output: MapShape,
  first: number,
  end: number,
  reduce: (values: number[]) => number,
): FloatMap {
  const { height, width, channels } = input.shape;
  return mapOf(output, (row, column, c) => {
    const values: number[] = [];
    for (let y = Math.max(0, 2 * row + first); y < Math.min(height, 2 * row + end); y++) {
      for (let x = Math.max(0, 2 * column + first); x < Math.min(width, 2 * column + end); x++) {
        values.push(input.values[(y * width + x) * channels + c]);
      }
    }
    return reduce(values);
  });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Weights of a 3x3 convolution, [Cout, 3, 3, Cin]: real, or -1 and +1. */
function weightsOf({ conv }: TrainedBlock, inputs: number, outputs: number): Float64Array {
  if (conv.kind === 'real') return Float64Array.from(conv.weight);
  const weights = new Float64Array(outputs * 9 * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      const code = conv.members[conv.indices[o * inputs + c]];
      for (let j = 0; j < 9; j++) {
        weights[(o * 9 + j) * inputs + c] = (code >> j) & 1 ? 1 : -1;
      }
    }
  }
  return weights;
}

function shortcutOf(
  x: FloatMap,
  block: TrainedBlock,
  { shortcut, conv: { output } }: BlockShape,
): FloatMap | null {
  if (shortcut === 'none') return null;
  if (!block.shortcut) return x;
  const pooled = pool(x, { ...output, channels: x.shape.channels }, 0, 2, mean);
  const shape: ConvShape = { kernel: 1, stride: 1, input: pooled.shape, output };
  return normalize(
    convolve(pooled, shape, Float64Array.from(block.shortcut.weight), 0),
    block.shortcut.norm,
  );
}

/**
 * Runs one block of a trained network.
 *
 * @param x its input
 * @returns its maps, the last of them its output
 */
export function floatBlock(
  x: FloatMap,
  block: TrainedBlock,
  shape: BlockShape,
  { activations, padding }: Pick<TrainedNetwork, 'activations' | 'padding'>,
): FloatTrace {
  const { name, conv } = shape;
  const shifted = perChannel(x, (value, c) => value + block.shiftIn[c]);
  const seen =
    activations === 'real' ? shifted : perChannel(shifted, (value) => (value >= 0 ? 1 : -1));
  const outside = activations === 'binary' && padding === 'minus-one' ? -1 : 0;
  const weights = weightsOf(block, conv.input.channels, conv.output.channels);
  const convolved = convolve(seen, conv, weights, outside);
  const scale = block.conv.kind === 'binary' ? block.conv.alpha : null;
  const scaled = perChannel(convolved, (value, o) => value * (scale?.[o] ?? 1));
  const pooled = isPooled(shape)
    ? pool(scaled, blockOutput(shape), 0, 2, (values) => Math.max(...values))
    : scaled;
  const branch = perChannel(normalize(pooled, block.norm), (value, o) => value + block.shiftMid[o]);
  const shortcut = shortcutOf(x, block, shape);
  const sum = perChannel(branch, (value, _o, i) => value + (shortcut ? shortcut.values[i] : 0));
  const bent = perChannel(sum, (value, o) => (value >= 0 ? value : value * block.slope[o]));
  const output = perChannel(bent, (value, o) => value + block.shiftOut[o]);
  return [
    ...(activations === 'real' ? [{ name: `${name}.seen`, ...seen }] : []),
    { name: `${name}.conv`, ...convolved },
    { name: `${name}.branch`, ...branch },
    ...(shortcut && block.shortcut ? [{ name: `${name}.shortcut`, ...shortcut }] : []),
    { name: `${name}.sum`, ...sum },
    { name: `${name}.prelu`, ...bent },
    { name, ...output },
  ];
}

/**
 * Runs one image through a trained network.
 *
 * @param image pixels [height, width, channels]
 */
export function floatTrace(network: TrainedNetwork, image: Uint8Array): FloatTrace {
  const { shape, input } = network;
  const pixels: FloatMap = { shape: shape.input, values: Float64Array.from(image) };
  return scaledTrace(
    network,
    perChannel(pixels, (pixel, c) => (pixel - input.zero[c]) / input.scale[c]),
  );
}

/**
 * Runs one image through a trained network.
 *
 * @param scaled the image as it enters the network, behind its input scaling
 */
export function scaledTrace(network: TrainedNetwork, scaled: FloatMap): FloatTrace {
  const trace: FloatLayer[] = [];
  const record = (name: string, map: FloatMap): FloatMap => {
    trace.push({ name, ...map });
    return map;
  };
  const { shape, stem, blocks, classifier } = network;
  const normalized = normalize(
    convolve(scaled, shape.stem.conv, Float64Array.from(stem.weight), 0),
    stem.norm,
  );
  const pooled = shape.stem.pool
    ? pool(normalized, shape.stem.output, -1, 2, (values) => Math.max(...values))
    : normalized;
  let x = record('stem', pooled);

  for (const [i, block] of blocks.entries()) {
    const maps = floatBlock(x, block, shape.blocks[i], network);
    trace.push(...maps);
    x = maps[maps.length - 1];
  }

  const { height, width, channels } = x.shape;
  const positions = height * width;
  const average = mapOf({ height: 1, width: 1, channels }, (_y, _x, c) => {
    let sum = 0;
    for (let p = 0; p < positions; p++) sum += x.values[p * channels + c];
    return sum / positions;
  });
  record('pool', average);
  const logits = mapOf({ height: 1, width: 1, channels: classifier.bias.length }, (_y, _x, k) => {
    let sum = classifier.bias[k];
    for (let c = 0; c < channels; c++) {
      sum += classifier.weight[k * channels + c] * average.values[c];
    }
    return sum;
  });
  record('logits', logits);
  return trace;
}

/** How large numbers become in a network: what the fixed-point numbers of its packed form must hold. */
export interface Reach {
  /** Largest magnitude of an activation. */
  readonly activations: number;
  /** Largest magnitude of each block's `<block>.conv`; packing needs it where activations are real. */
  readonly accumulators: readonly number[];
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/**
 * The reach of a network over some images.
 *
 * @param images pixels [count, height, width, channels]
 */
export function reachOf(network: TrainedNetwork, images: Uint8Array): Reach {
  const { input, blocks } = network.shape;
  const size = input.height * input.width * input.channels;
  const reach = new Map<string, number>();
  for (let from = 0; from + size <= images.length; from += size) {
    for (const { name, values } of floatTrace(network, images.subarray(from, from + size))) {
      reach.set(name, Math.max(reach.get(name) ?? 0, largest(values)));
    }
  }
  const sums = blocks.map(({ name }) => `${name}.conv`);
  const activations = [...reach].filter(([name]) => name !== 'logits' && !sums.includes(name));
  return {
    activations: Math.max(0, ...activations.map(([, magnitude]) => magnitude)),
    accumulators: sums.map((name) => reach.get(name) ?? 0),
  };
}
