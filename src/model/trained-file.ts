import { Failure } from '../util/failure.js';
import type { NetworkShape } from './network.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.js';
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
  const { shape, input, classes, quantize } = JSON.parse(metadata.network ?? '{}') as Description;
  if (!shape || !input || !classes || !quantize) {
    throw new Failure('input', 'this safetensors file holds no trained network');
  }
  const get = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Failure('input', `the trained network has no tensor ${name}`);
    return tensor.values;
  };
  const floats = (name: string) => {
    const values = get(name);
    if (values instanceof Float32Array) return values;
    throw new Failure('input', `tensor ${name} of the trained network is not float32`);
  };
  const codes = (name: string) => {
    const values = get(name);
    if (values instanceof Uint16Array) return values;
    throw new Failure('input', `tensor ${name} of the trained network is not uint16`);
  };
  const norm = (name: string): TrainedNorm => ({
    gamma: floats(`${name}.gamma`),
    beta: floats(`${name}.beta`),
    mean: floats(`${name}.mean`),
    variance: floats(`${name}.variance`),
  });

  const blocks = shape.blocks.map(
    ({ name, shortcut }, i): TrainedBlock => ({
      shiftIn: floats(`${name}.shiftIn`),
      conv: {
        ...quantize[i],
        members: codes(`${name}.conv.members`),
        indices: codes(`${name}.conv.indices`),
        alpha: floats(`${name}.conv.alpha`),
      },
      norm: norm(`${name}.norm`),
      shortcut:
        shortcut === 'downsample'
          ? { weight: floats(`${name}.shortcut.weight`), norm: norm(`${name}.shortcut.norm`) }
          : null,
      shiftMid: floats(`${name}.shiftMid`),
      slope: floats(`${name}.slope`),
      shiftOut: floats(`${name}.shiftOut`),
    }),
  );
  return {
    shape,
    input,
    classes,
    stem: { weight: floats('stem.weight'), norm: norm('stem.norm') },
    blocks,
    classifier: { weight: floats('classifier.weight'), bias: floats('classifier.bias') },
  };
}
