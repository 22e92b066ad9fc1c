import { Failure } from '../util/failure.js';
import type { NetworkShape } from './network.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  jsonMetadata,
  type NamedTensor,
  tensorsOf,
} from './safetensors.js';
import type {
  Activations,
  InputScaling,
  Padding,
  TrainedBinaryConv,
  TrainedBlock,
  TrainedNetwork,
  TrainedNorm,
} from './trained.js';

/** What the file says of one 3x3 convolution beside its tensors. */
type ConvDescription =
  | Pick<TrainedBinaryConv, 'kind' | 'tau' | 'structure'>
  | { readonly kind: 'real' };

/** What the file says beside its tensors. */
interface Description {
  readonly shape: NetworkShape;
  readonly input: InputScaling;
  readonly classes: readonly string[];
  readonly activations: Activations;
  readonly padding: Padding;
  readonly convs: readonly ConvDescription[];
}

/** How networks of files that do not tell are padded: all that are trained here. */
const usualPadding: Padding = 'minus-one';

const normFields = ['gamma', 'beta', 'mean', 'variance'] as const;
const convFields = ['members', 'indices', 'alpha'] as const;
const channelFields = ['shiftIn', 'shiftMid', 'slope', 'shiftOut'] as const;

/** A trained network as a safetensors file; the same network gives the same bytes. */
export function encodeTrained(network: TrainedNetwork): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  const add = (name: string, values: NamedTensor['values']) => {
    tensors.set(name, { shape: [values.length], values });
  };
  const addNorm = (name: string, norm: TrainedNorm) => {
    for (const field of normFields) add(`${name}.${field}`, norm[field]);
  };
  add('stem.weight', network.stem.weight);
  addNorm('stem.norm', network.stem.norm);
  network.blocks.forEach((block, i) => {
    const { name } = network.shape.blocks[i];
    for (const field of channelFields) add(`${name}.${field}`, block[field]);
    if (block.conv.kind === 'real') add(`${name}.conv.weight`, block.conv.weight);
    else for (const field of convFields) add(`${name}.conv.${field}`, block.conv[field]);
    addNorm(`${name}.norm`, block.norm);
    if (block.shortcut) {
      add(`${name}.shortcut.weight`, block.shortcut.weight);
      addNorm(`${name}.shortcut.norm`, block.shortcut.norm);
    }
  });
  add('classifier.weight', network.classifier.weight);
  add('classifier.bias', network.classifier.bias);

  const convs = network.blocks.map(({ conv }) => describe(conv));
  const { shape, input, classes, activations, padding } = network;
  const description: Description = { shape, input, classes, activations, padding, convs };
  return encodeSafetensors(tensors, { network: JSON.stringify(description) });
}

function describe(conv: TrainedBlock['conv']): ConvDescription {
  if (conv.kind === 'real') return { kind: 'real' };
  const { kind, tau, structure } = conv;
  return { kind, tau, structure };
}

/**
 * Reads a trained network back.
 *
 * @throws Failure when the file is damaged or holds no trained network
 */
export function decodeTrained(bytes: Uint8Array): TrainedNetwork {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const description: Partial<Description> = jsonMetadata(metadata, 'network');
  const { shape, input, classes, activations, convs } = description;
  const { padding = usualPadding } = description;
  if (!shape || !input || !classes || !activations || !convs) {
    throw new Failure('input', 'this safetensors file holds no trained network');
  }
  const get = tensorsOf(tensors, 'the trained network');
  const floats = (name: string, length: number) => get(name, Float32Array, length);
  const norm = (name: string, channels: number): TrainedNorm => ({
    gamma: floats(`${name}.gamma`, channels),
    beta: floats(`${name}.beta`, channels),
    mean: floats(`${name}.mean`, channels),
    variance: floats(`${name}.variance`, channels),
  });

  const convOf = (name: string, description: ConvDescription, inputs: number, outputs: number) => {
    if (description.kind === 'real') {
      return { ...description, weight: floats(`${name}.conv.weight`, 9 * inputs * outputs) };
    }
    return {
      ...description,
      members: get(`${name}.conv.members`, Uint16Array, 2 ** description.tau),
      indices: get(`${name}.conv.indices`, Uint16Array, inputs * outputs),
      alpha: floats(`${name}.conv.alpha`, outputs),
    };
  };

  const blocks = shape.blocks.map(({ name, conv, shortcut }, i): TrainedBlock => {
    const [inputs, outputs] = [conv.input.channels, conv.output.channels];
    return {
      shiftIn: floats(`${name}.shiftIn`, inputs),
      conv: convOf(name, convs[i], inputs, outputs),
      norm: norm(`${name}.norm`, outputs),
      shortcut:
        shortcut === 'downsample'
          ? {
              weight: floats(`${name}.shortcut.weight`, inputs * outputs),
              norm: norm(`${name}.shortcut.norm`, outputs),
            }
          : null,
      shiftMid: floats(`${name}.shiftMid`, outputs),
      slope: floats(`${name}.slope`, outputs),
      shiftOut: floats(`${name}.shiftOut`, outputs),
    };
  });
  const { kernel, input: image, output } = shape.stem.conv;
  const stemSize = output.channels * kernel * kernel * image.channels;
  const { inputs, classes: outputs } = shape.classifier;
  return {
    shape,
    input,
    classes,
    activations,
    padding,
    stem: { weight: floats('stem.weight', stemSize), norm: norm('stem.norm', output.channels) },
    blocks,
    classifier: {
      weight: floats('classifier.weight', outputs * inputs),
      bias: floats('classifier.bias', outputs),
    },
  };
}
