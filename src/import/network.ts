import { shapeViolation } from '../model/bounds.js';
import type {
  InputScaling,
  TrainedBinaryConv,
  TrainedBinaryNetwork,
  TrainedBlock,
  TrainedNorm,
} from '../model/trained.js';
import { Failure } from '../util/failure.js';
import { differencesOf, requireSame } from './differences.js';
import { type Expectation, expectedTensors } from './expected.js';
import { type InputStatistics, type KeyMap, keyAt } from './key-map.js';
import { floatsOf, type StoredTensor } from './tensor.js';

/** The tensors of a checkpoint that were found to fit, as floats. */
type Floats = (key: string) => Float32Array;

/** What a checkpoint is taken for. */
export interface Wanted {
  /** What to call the checkpoint and the network in errors. */
  readonly file: string;
  readonly network: string;
  readonly map: KeyMap;
  /** Blocks of each stage; null: as many as there are. */
  readonly stages: readonly number[] | null;
  /** Side of the images. */
  readonly image: number;
}

/** How the latents [Cout, Cin, 3, 3] of a block become binary; `subset`: [2^tau, 9] where there is one. */
export type Binarize = (
  block: { readonly name: string; readonly outputs: number },
  latents: Float32Array,
  subset: Float32Array | null,
) => TrainedBinaryConv;

/** [Cout, Cin, K, K] -> [Cout, K, K, Cin]. */
function channelsLast(weight: Float32Array, outputs: number, inputs: number): Float32Array {
  const taps = weight.length / (outputs * inputs);
  const moved = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < taps; tap++) {
        moved[(o * taps + tap) * inputs + c] = weight[(o * inputs + c) * taps + tap];
      }
    }
  }
  return moved;
}

function normOf(floats: Floats, key: string): TrainedNorm {
  return {
    gamma: floats(`${key}.weight`),
    beta: floats(`${key}.bias`),
    mean: floats(`${key}.running_mean`),
    variance: floats(`${key}.running_var`),
  };
}

/**
 * The input scaling nearest to the given statistics, its zero a whole pixel value. What it is off by is
 * the same for every pixel of a channel: {@link stemOf} takes it into account.
 */
export function scalingOf({ mean, std }: InputStatistics): InputScaling {
  return {
    zero: mean.map((m) => Math.min(255, Math.max(0, Math.round(255 * m)))),
    scale: std.map((s) => 255 * s),
  };
}

/**
 * The stem for whole zeros: where pixels enter as x - d in place of x, each sum is smaller by that over
 * all taps of d, so the mean of its norm is, too. (The frame around the image, 0 in either form, differs
 * by at most half a grey level.)
 */
function stemOf(
  floats: Floats,
  { stem, input }: KeyMap,
  { zero, scale }: InputScaling,
  { kernel, input: image, output }: Expectation['shape']['stem']['conv'],
): TrainedBinaryNetwork['stem'] {
  const weight = channelsLast(floats(stem.weight), output.channels, image.channels);
  const norm = normOf(floats, stem.norm);
  const offsets = zero.map((z, c) => (z - 255 * input.mean[c]) / scale[c]);
  const taps = kernel * kernel * image.channels;
  const mean = norm.mean.map((m, o) => {
    let sum = 0;
    for (let i = 0; i < taps; i++) sum += weight[o * taps + i] * offsets[i % image.channels];
    return m - sum;
  });
  return { weight, norm: { ...norm, mean } };
}

function channelwise(
  floats: Floats,
  key: string | null,
  channels: number,
  none: number,
): Float32Array {
  const values = key === null ? Float32Array.of(none) : floats(key);
  return values.length === channels ? values : new Float32Array(channels).fill(values[0]);
}

/**
 * The network that a checkpoint holds.
 *
 * @param binarize makes the weights of each block binary
 * @throws Failure that lists everything that is missing, unexpected or of the wrong shape or type, or
 *   says what is larger than the packed arithmetic allows
 */
export function networkOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  { file, network, map, stages, image }: Wanted,
  binarize: Binarize,
): TrainedBinaryNetwork {
  const expectation = expectedTensors(map, tensors, stages, image);
  const { shape, places, subsets } = expectation;
  requireSame(differencesOf(expectation, tensors, map.ignore), expectation, file, network);
  const violation = shapeViolation(shape);
  if (violation) throw new Failure('input', `${file}: ${violation.where}: ${violation.what}`);
  const { channels } = shape.input;
  if (map.input.mean.length !== channels) {
    throw new Failure(
      'input',
      `${file}: images have ${channels} channels, not the ${map.input.mean.length} of its mean and std`,
      ['give input.mean and input.std of every channel in a map (docs/import.md)'],
    );
  }
  const floats: Floats = (key) => {
    const tensor = tensors.get(key);
    if (!tensor) throw new Error(`${key} was not checked`);
    return floatsOf(tensor);
  };
  const blocks = shape.blocks.map(
    ({ name, conv, shortcut }, i): TrainedBlock<TrainedBinaryConv> => {
      const [inputs, outputs] = [conv.input.channels, conv.output.channels];
      const at = (template: string) => keyAt(template, places[i]);
      const keyOf = (template: string | null) => (template === null ? null : at(template));
      const { block } = map;
      const subset = subsets && block.subset !== null ? floats(at(block.subset)) : null;
      return {
        shiftIn: channelwise(floats, keyOf(block.shiftIn), inputs, 0),
        conv: binarize({ name, outputs }, floats(at(block.weight)), subset),
        norm: normOf(floats, at(block.norm)),
        shortcut:
          shortcut === 'downsample' && block.shortcut
            ? {
                weight: floats(at(block.shortcut.weight)),
                norm: normOf(floats, at(block.shortcut.norm)),
              }
            : null,
        shiftMid: channelwise(floats, keyOf(block.shiftMid), outputs, 0),
        slope: channelwise(floats, keyOf(block.slope), outputs, 1),
        shiftOut: channelwise(floats, keyOf(block.shiftOut), outputs, 0),
      };
    },
  );
  const input = scalingOf(map.input);
  const { classes } = shape.classifier;
  return {
    shape,
    activations: 'binary',
    padding: map.padding,
    input,
    classes: Array.from({ length: classes }, (_, k) => String(k)),
    stem: stemOf(floats, map, input, shape.stem.conv),
    blocks,
    classifier: {
      weight: floats(map.classifier.weight),
      bias: channelwise(floats, map.classifier.bias, classes, 0),
    },
  };
}
