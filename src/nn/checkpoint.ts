import type { NetworkShape } from '../model/network.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  jsonMetadata,
  type NamedTensor,
  tensorsOf,
} from '../model/safetensors.js';
import { kernelElements } from '../subbit/kernels.js';
import { representativeCount, type SubsetStructure } from '../subbit/subset.js';
import { Failure } from '../util/failure.js';
import { layoutOf } from './layout.js';
import type { OptimizerState } from './optimizer.js';
import type { LayerSubset, TrainingState } from './state.js';

/** Counters and settings of a state, beside its tensors. */
interface Description {
  readonly epoch: number;
  readonly steps: number;
  /** Vectors that the optimiser remembers. */
  readonly moments: number;
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
  const addMoments = (prefix: string, { moments }: OptimizerState) => {
    moments.forEach((moment, i) => {
      add(`${prefix}moment${i}`, moment);
    });
  };
  addMoments('', state.optimizer);
  add('statistics', state.statistics);
  const layers: Record<string, { tau: number; structure: SubsetStructure; steps: number }> = {};
  for (const [name, { subset, optimizer, indices }] of state.subsets) {
    layers[name] = { tau: subset.tau, structure: subset.structure, steps: optimizer.steps };
    add(`${name}.representatives`, subset.representatives);
    add(`${name}.latent`, subset.latent);
    addMoments(`${name}.`, optimizer);
    add(`${name}.indices`, indices);
  }
  const { steps, moments } = state.optimizer;
  const description: Description = { epoch: state.epoch, steps, moments: moments.length, layers };
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
  const { epoch, steps, moments, layers } = description;
  if (epoch === undefined || steps === undefined || moments === undefined || layers === undefined) {
    throw new Failure('input', 'this safetensors file holds no training state');
  }
  const get = tensorsOf(tensors, 'the checkpoint');
  const floats = (name: string, length: number) => get(name, Float32Array, length);
  const optimizerOf = (prefix: string, steps: number, length: number): OptimizerState => ({
    moments: Array.from({ length: moments }, (_, i) => floats(`${prefix}moment${i}`, length)),
    steps,
  });

  const subsets = new Map<string, LayerSubset>();
  const isReal = Object.keys(layers).length === 0;
  for (const { name, conv } of isReal ? [] : shape.blocks) {
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
      optimizer: optimizerOf(`${name}.`, steps, latents),
      indices: get(`${name}.indices`, Uint16Array, conv.input.channels * conv.output.channels),
    });
  }
  const { size, statisticsSize } = layoutOf(shape);
  return {
    epoch,
    parameters: floats('parameters', size),
    optimizer: optimizerOf('', steps, size),
    statistics: floats('statistics', statisticsSize),
    subsets,
  };
}
