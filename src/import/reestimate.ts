import { packNetwork } from '../model/pack.js';
import type { LayerTrace, Trace } from '../model/trace.js';
import type { TrainedBinaryNetwork, TrainedNorm } from '../model/trained.js';
import { createRuntime } from '../runtime/index.js';
import { packedReach } from './reach.js';

/** Mean and variance of each channel over all maps that were added. */
function channelStatistics(channels: number) {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  return {
    add(values: ArrayLike<number>): void {
      for (let i = 0; i < values.length; i++) {
        sums[i % channels] += values[i];
        squares[i % channels] += values[i] * values[i];
      }
      count += values.length / channels;
    },
    /** The norm with these statistics of values that are `scale` times as large. */
    norm(norm: TrainedNorm, scale: (channel: number) => number): TrainedNorm {
      const means = sums.map((sum) => sum / count);
      return {
        ...norm,
        mean: Float32Array.from(means, (mean, o) => scale(o) * mean),
        variance: Float32Array.from(
          squares,
          (square, o) => scale(o) ** 2 * Math.max(0, square / count - means[o] ** 2),
        ),
      };
    },
  };
}

/** The sums of a downsample shortcut in front of its norm: 2x2 averages, then a 1x1 convolution. */
function shortcutSums({ shape, values }: LayerTrace, weight: Float32Array): Float64Array {
  const { height, width, channels } = shape;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const outputs = weight.length / channels;
  const sums = new Float64Array(rows * columns * outputs);
  const average = new Float64Array(channels);
  for (let p = 0; p < rows * columns; p++) {
    const [top, left] = [2 * Math.floor(p / columns), 2 * (p % columns)];
    average.fill(0);
    let pixels = 0;
    for (let row = top; row < Math.min(top + 2, height); row++) {
      for (let column = left; column < Math.min(left + 2, width); column++, pixels++) {
        const from = (row * width + column) * channels;
        for (let c = 0; c < channels; c++) average[c] += values[from + c];
      }
    }
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += weight[o * channels + c] * average[c];
      sums[p * outputs + o] = sum / pixels;
    }
  }
  return sums;
}

/** The network up to block `last`, without a classifier of use. */
function upTo(network: TrainedBinaryNetwork, last: number): TrainedBinaryNetwork {
  const shapes = network.shape.blocks.slice(0, last + 1);
  const inputs = shapes[last].conv.output.channels;
  return {
    ...network,
    shape: { ...network.shape, blocks: shapes, classifier: { inputs, classes: 1 } },
    blocks: network.blocks.slice(0, last + 1),
    classes: [''],
    classifier: { weight: new Float32Array(inputs), bias: new Float32Array(1) },
  };
}

const untold = { trained: '', spec: '', tool: '', origin: null };

/** Images over which the range of activations is taken. */
const reachImages = 4;

/**
 * The network with the statistics of every norm behind a binary convolution, and beside one, taken anew
 * over the images, block by block: those of real weights do not fit weights that were made binary.
 * Sums come from the packed runtime.
 *
 * @param images pixels [height, width, channels] of each
 * @param report told how many blocks are done
 */
export async function reestimated(
  network: TrainedBinaryNetwork,
  images: readonly Uint8Array[],
  report: (done: number, total: number) => void,
): Promise<TrainedBinaryNetwork> {
  const { blocks } = network;
  let current = network;
  for (const [i, { conv, norm, shortcut }] of blocks.entries()) {
    const { name } = network.shape.blocks[i];
    const part = upTo(current, i);
    const activations = packedReach(part, images.slice(0, reachImages));
    const reach = { activations, accumulators: [] };
    const model = packNetwork(part, { name: '', reach, provenance: untold });
    const runtime = createRuntime(model);
    const map = (trace: Trace, wanted: string) => trace.find((layer) => layer.name === wanted);
    const outputs = norm.gamma.length;
    const [own, beside] = [channelStatistics(outputs), channelStatistics(outputs)];
    for (const image of images) {
      const trace = runtime.trace(image);
      own.add((map(trace, `${name}.pool`) ?? map(trace, `${name}.conv`))?.values ?? []);
      const input = map(trace, i === 0 ? 'stem' : network.shape.blocks[i - 1].name);
      if (shortcut && input) beside.add(shortcutSums(input, shortcut.weight));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const unit = 2 ** -model.fractionBits;
    const block = {
      ...blocks[i],
      norm: own.norm(norm, (o) => conv.alpha[o]),
      shortcut: shortcut && { ...shortcut, norm: beside.norm(shortcut.norm, () => unit) },
    };
    current = { ...current, blocks: current.blocks.with(i, block) };
    report(i + 1, blocks.length);
  }
  return current;
}
