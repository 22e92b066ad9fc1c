import { Failure } from '../util/failure.js';
import type { NetworkShape } from './network.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  jsonMetadata,
  type NamedTensor,
  tensorsOf,
} from './safetensors.js';
import type { InputScaling, TrainedBlock, TrainedNetwork, TrainedNorm } from './trained.js';

/** What the file says beside its tensors. */
interface Description {
  readonly shape: NetworkShape;
  readonly input: InputScaling;
  readonly classes: readonly string[];
  readonly quantize: readonly Pick<TrainedBlock['conv'], 'tau' | 'structure'>[];
}

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
    for (const field of convFields) add(`${name}.conv.${field}`, block.conv[field]);
    addNorm(`${name}.norm`, block.norm);
    if (block.shortcut) {
      add(`${name}.shortcut.weight`, block.shortcut.weight);
      addNorm(`${name}.shortcut.norm`, block.shortcut.norm);
    }
  });
  add('classifier.weight', network.classifier.weight);
  add('classifier.bias', network.classifier.bias);

  const quantize = network.blocks.map(({ conv: { tau, structure } }) => ({ tau, structure }));
  const { shape, input, classes } = network;
  const description: Description = { shape, input, classes, quantize };
  return encodeSafetensors(tensors, { network: JSON.stringify(description) });
}

/**
 * Reads a trained network back.
 *
 * @throws Failure when the file is damaged or holds no trained network
 */
export function decodeTrained(bytes: Uint8Array): TrainedNetwork {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const description: Partial<Description> = jsonMetadata(metadata, 'network');
  const { shape, input, classes, quantize } = description;
  if (!shape || !input || !classes || !quantize) {
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

  const blocks = shape.blocks.map(({ name, conv, shortcut }, i): TrainedBlock => {
    const [inputs, outputs] = [conv.input.channels, conv.output.channels];
    const { tau, structure } = quantize[i];
    return {
      shiftIn: floats(`${name}.shiftIn`, inputs),
      conv: {
        tau,
        structure,
        members: get(`${name}.conv.members`, Uint16Array, 2 ** tau),
        indices: get(`${name}.conv.indices`, Uint16Array, inputs * outputs),
        alpha: floats(`${name}.conv.alpha`, outputs),
      },
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
    stem: { weight: floats('stem.weight', stemSize), norm: norm('stem.norm', output.channels) },
    blocks,
    classifier: {
      weight: floats('classifier.weight', outputs * inputs),
      bias: floats('classifier.bias', outputs),
    },
  };
}
