import type { NetworkShape } from '../model/network.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../model/safetensors.js';
import type { SubsetStructure } from '../subbit/subset.js';
import { Failure } from '../util/failure.js';
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
  const { epoch, steps, layers } = JSON.parse(metadata.state ?? '{}') as Partial<Description>;
  if (epoch === undefined || steps === undefined || layers === undefined) {
    throw new Failure('input', 'this safetensors file holds no training state');
  }
  const get = <Kind extends Float32Array | Uint16Array>(
    name: string,
    type: { new (length: number): Kind },
  ) => {
    const values = tensors.get(name)?.values;
    if (values instanceof type) return values;
    throw new Failure('input', `the checkpoint has no sound tensor ${name}`);
  };
  const subsets = new Map<string, LayerSubset>();
  for (const { name } of shape.blocks) {
    const layer = layers[name];
    if (!layer) throw new Failure('input', `the checkpoint has no subset of ${name}`);
    subsets.set(name, {
      subset: {
        tau: layer.tau,
        structure: layer.structure,
        representatives: get(`${name}.representatives`, Uint16Array),
        latent: get(`${name}.latent`, Float32Array),
      },
      adam: {
        first: get(`${name}.adam.first`, Float32Array),
        second: get(`${name}.adam.second`, Float32Array),
        steps: layer.steps,
      },
      indices: get(`${name}.indices`, Uint16Array),
    });
  }
  return {
    epoch,
    parameters: get('parameters', Float32Array),
    adam: {
      first: get('adam.first', Float32Array),
      second: get('adam.second', Float32Array),
      steps,
    },
    statistics: get('statistics', Float32Array),
    subsets,
  };
}
