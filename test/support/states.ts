import type { NetworkShape } from '../../src/model/network.js';
import { layoutOf } from '../../src/nn/layout.js';
import { initialState, quantizeInto, type TrainingState } from '../../src/nn/state.js';
import { type SubsetStructure, sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { plainTraining } from './training.js';

/** The state in which training of `shape` starts. */
export function startOf(
  shape: NetworkShape,
  seed: number,
  { tau = 4, structure = 'free' as SubsetStructure, optimizer = plainTraining.optimizer } = {},
): TrainingState {
  const train = { ...plainTraining, optimizer };
  const sampled = shape.blocks.map(
    ({ name }) => [name, sampleSubset(tau, structure, stream(seed, 'sample', name))] as const,
  );
  return initialState(layoutOf(shape), new Map(sampled), shape, { seed, train });
}

/** Quantises the state's latents; the parameters in the engine's form. */
export function quantized(shape: NetworkShape, state: TrainingState): Float32Array {
  const layout = layoutOf(shape);
  const engineParameters = new Float32Array(layout.size);
  quantizeInto(layout, state, engineParameters);
  return engineParameters;
}

/** A state with nothing at its initial value, as in the middle of training. */
export function midwayOf(
  shape: NetworkShape,
  seed: number,
  options: Parameters<typeof startOf>[2] = {},
): TrainingState {
  const random = stream(seed, 'midway');
  const start = startOf(shape, seed, options);
  const scatter = (values: Float32Array) => {
    for (let i = 0; i < values.length; i++) values[i] += 0.3 * random.normal();
  };
  scatter(start.parameters);
  for (const values of [...start.optimizer.moments, start.statistics]) scatter(values);
  for (const { optimizer, subset } of start.subsets.values()) {
    for (const values of [...optimizer.moments, subset.latent]) scatter(values);
  }
  const steps = 1000 + random.below(1000);
  const subsets = [...start.subsets].map(
    ([name, layer], i) =>
      [name, { ...layer, optimizer: { ...layer.optimizer, steps: i + 3 } }] as const,
  );
  const optimizer = { ...start.optimizer, steps };
  const state = { ...start, epoch: 3, optimizer, subsets: new Map(subsets) };
  quantized(shape, state);
  return state;
}
