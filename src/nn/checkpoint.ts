import type { NetworkShape } from '../model/network.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  jsonMetadata,
  type NamedTensor,
} from '../model/safetensors.js';
import { kernelElements } from '../subbit/kernels.js';
import { representativeCount, type SubsetStructure } from '../subbit/subset.js';
import { Failure } from '../util/failure.js';
import { layoutOf } from './layout.js';
import type { LayerSubset, TrainingState } from './state.js';

/** Counters and settings of a state, beside its tensors. */
interface Description {
  readonly epoch: number;
  readonly steps: number;
  readonly layers: Readonly<
    Record<string, { tau: number; structure: SubsetStructure; steps: number }>
  >;
}

/** A whole training state as a safetensors file: what a resumed run needs to end the same. */
export function encodeCheckpoint(state: TrainingState): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  const add = (name: string, values: NamedTensor['values']) => {
    tensors.set(name, { shape: [values.length], values });
  };
  add('parameters', state.parameters);
  add('adam.first', state.adam.first);
  add('adam.second', state.adam.second);
  add('statistics', state.statistics);
  const layers: Record<string, { tau: number; structure: SubsetStructure; steps: number }> = {};
  for (const [name, { subset, adam, indices }] of state.subsets) {
    layers[name] = { tau: subset.tau, structure: subset.structure, steps: adam.steps };
    add(`${name}.representatives`, subset.representatives);
    add(`${name}.latent`, subset.latent);
    add(`${name}.adam.first`, adam.first);
    add(`${name}.adam.second`, adam.second);
    add(`${name}.indices`, indices);
  }
  const description: Description = { epoch: state.epoch, steps: state.adam.steps, layers };
  return encodeSafetensors(tensors, { state: JSON.stringify(description) });
}

/**
 * Reads a training state of the network `shape` back.
 *
 * @throws Failure when the file is damaged or belongs to another network
 */
export function decodeCheckpoint(bytes: Uint8Array, shape: NetworkShape): TrainingState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const description: Partial<Description> = jsonMetadata(metadata, 'state');
  const { epoch, steps, layers } = description;
  if (epoch === undefined || steps === undefined || layers === undefined) {
    throw new Failure('input', 'this safetensors file holds no training state');
  }
  const get = <Kind extends Float32Array | Uint16Array>(
    name: string,
    type: { new (length: number): Kind },
    length: number,
  ) => {
    const values = tensors.get(name)?.values;
    if (values instanceof type && values.length === length) return values;
    throw new Failure('input', `the checkpoint has no tensor ${name} that fits the network`);
  };
  const floats = (name: string, length: number) => get(name, Float32Array, length);

  const subsets = new Map<string, LayerSubset>();
  for (const { name, conv } of shape.blocks) {
    const layer = layers[name];
    if (!layer) throw new Failure('input', `the checkpoint has no subset of ${name}`);
    const { tau, structure, steps } = layer;
    const count = representativeCount(tau, structure);
    const latents = count * kernelElements;
    subsets.set(name, {
      subset: {
        tau,
        structure,
        representatives: get(`${name}.representatives`, Uint16Array, count),
        latent: floats(`${name}.latent`, latents),
      },
      adam: {
        first: floats(`${name}.adam.first`, latents),
        second: floats(`${name}.adam.second`, latents),
        steps,
      },
      indices: get(`${name}.indices`, Uint16Array, conv.input.channels * conv.output.channels),
    });
  }
  const { size, statisticsSize } = layoutOf(shape);
  return {
    epoch,
    parameters: floats('parameters', size),
    adam: { first: floats('adam.first', size), second: floats('adam.second', size), steps },
    statistics: floats('statistics', statisticsSize),
    subsets,
  };
}
