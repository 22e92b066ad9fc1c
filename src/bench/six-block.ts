import { birealNetwork } from '../model/network.js';
import { layoutOf } from '../nn/layout.js';
import { initialState, type TrainingState } from '../nn/state.js';
import { sampleSubset } from '../subbit/subset.js';
import { stream } from '../util/random.js';

/** Seed of everything that a bench draws. */
export const seed = 1;

/** The six-block network of the quickstart: width 16 on 28x28 images. */
export const shape = birealNetwork(
  { stages: [2, 2, 2], width: 16, stem: { kernel: 3, stride: 2, pool: false } },
  { height: 28, width: 28, channels: 1 },
  10,
);

/** How random pixels enter the network. */
export const scaling = { zero: [128], scale: [74] };

/** Random images with random labels: speed does not depend on what they show. */
export function syntheticImages(count: number) {
  const random = stream(seed, 'bench images');
  const pixels = Uint8Array.from({ length: count * 28 * 28 }, () => random.below(256));
  const labels = Uint16Array.from({ length: count }, () => random.below(10));
  return { shape: shape.input, count, pixels, labels };
}

/** A network before its first training step, with free subsets of 2^tau kernels. */
export function untrained(tau: number, of = shape): TrainingState {
  const sampled = of.blocks.map(
    ({ name }) => [name, sampleSubset(tau, 'free', stream(seed, 'sample', name))] as const,
  );
  return initialState(layoutOf(of), new Map(sampled), of, {
    seed,
    train: { optimizer: 'adam', momentum: 0 },
  });
}
