import type { ImageSet } from '../data/image-set.js';
import { allOf, memorySource } from '../data/source.js';
import { startEngine } from '../engine/registry.js';
import type { NetworkShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import { layoutOf } from '../nn/layout.js';
import { initialState, type TrainingState } from '../nn/state.js';
import type { Trainer, TrainingSpec } from '../nn/train.js';
import type { EngineName } from '../spec/types.js';
import { sampleSubset } from '../subbit/subset.js';
import { stream } from '../util/random.js';

/** Seed of everything that a bench draws. */
export const seed = 1;

/** How random pixels of `channels` channels enter a network. */
export function scalingOf(channels: number): InputScaling {
  return { zero: new Array(channels).fill(128), scale: new Array(channels).fill(74) };
}

/** Random images with random labels: speed does not depend on what they show. */
export function syntheticImages({ input, classifier }: NetworkShape, count: number): ImageSet {
  const random = stream(seed, 'bench images');
  const { height, width, channels } = input;
  const pixels = Uint8Array.from({ length: count * height * width * channels }, () =>
    random.below(256),
  );
  const labels = Uint16Array.from({ length: count }, () => random.below(classifier.classes));
  return { shape: input, count, pixels, labels };
}

/** A network before its first training step, with free subsets of 2^tau kernels. */
export function untrained(shape: NetworkShape, tau: number): TrainingState {
  const sampled = shape.blocks.map(
    ({ name }) => [name, sampleSubset(tau, 'free', stream(seed, 'sample', name))] as const,
  );
  return initialState(layoutOf(shape), new Map(sampled), shape, {
    seed,
    train: { optimizer: 'adam', momentum: 0 },
  });
}

/** How every bench trains: plainly, its images as they are. */
export function trainingSpec(batch: number): TrainingSpec {
  return {
    seed,
    quantize: { refine: { period: 25, threshold: 1e-3, replace: 'random', by: 'gradient' } },
    train: {
      epochs: 2,
      batch,
      optimizer: 'adam',
      momentum: 0,
      learningRate: 0.01,
      schedule: 'linear',
      warmup: 0,
      weightDecay: 0,
      labelSmoothing: 0,
      validation: 0,
      keep: 'last',
    },
    augment: { flip: false, shift: 0, crop: 1 },
  };
}

/** Training of which an epoch is one pass over `images`; its engine is the caller's to close. */
export function trainerOf(
  shape: NetworkShape,
  images: ImageSet,
  { batch, threads, name }: { batch: number; threads: number; name: EngineName },
): Trainer {
  const source = memorySource(images);
  const scaling = scalingOf(shape.input.channels);
  const engine = startEngine({ name, threads }, { shape, activations: 'binary', scaling });
  return { shape, source, images: allOf(source), engine, spec: trainingSpec(batch) };
}
