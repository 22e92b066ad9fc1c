import type { TrainSpec } from '../spec/types.js';

/** What decides how an optimiser steps, besides the learning rate. */
export type OptimizerSettings = Pick<TrainSpec, 'optimizer' | 'momentum'>;

/** An optimiser's memory of one flat vector. */
export interface OptimizerState {
  /** Adam: first and second moments of the gradient. SGD: the velocity. */
  readonly moments: readonly Float32Array[];
  /** Steps taken. */
  readonly steps: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** How many vectors an optimiser remembers. */
function momentCount(optimizer: TrainSpec['optimizer']): number {
  return optimizer === 'sgd' ? 1 : 2;
}

/** The memory of an optimiser that has not stepped yet, over a vector of `size` elements. */
export function initialOptimizer(
  { optimizer }: Pick<OptimizerSettings, 'optimizer'>,
  size: number,
): OptimizerState {
  const moments = Array.from({ length: momentCount(optimizer) }, () => new Float32Array(size));
  return { moments, steps: 0 };
}

/**
 * One step: updates `values` and the moments of `state` in place and returns the state that follows.
 * Adam and AdamW step alike, since weight decay is apart ({@link decayWeights}).
 *
 * @param rate learning rate of this step
 */
export function optimizerStep(
  { optimizer, momentum }: OptimizerSettings,
  values: Float32Array,
  gradients: Float32Array,
  state: OptimizerState,
  rate: number,
): OptimizerState {
  const steps = state.steps + 1;
  if (optimizer === 'sgd') sgdStep(values, gradients, state.moments[0], rate, momentum);
  else adamStep(values, gradients, state.moments[0], state.moments[1], steps, rate);
  return { ...state, steps };
}

/** Stochastic gradient descent with Polyak's momentum: v = momentum v + g; w -= rate v. */
function sgdStep(
  values: Float32Array,
  gradients: Float32Array,
  velocity: Float32Array,
  rate: number,
  momentum: number,
): void {
  for (let i = 0; i < values.length; i++) {
    velocity[i] = momentum * velocity[i] + gradients[i];
    values[i] -= rate * velocity[i];
  }
}

/** Adam (Kingma and Ba, ICLR 2015), with bias correction; `steps` counts this one. */
function adamStep(
  values: Float32Array,
  gradients: Float32Array,
  first: Float32Array,
  second: Float32Array,
  steps: number,
  rate: number,
): void {
  const scale1 = 1 / (1 - beta1 ** steps);
  const scale2 = 1 / (1 - beta2 ** steps);
  for (let i = 0; i < values.length; i++) {
    const gradient = gradients[i];
    first[i] = beta1 * first[i] + (1 - beta1) * gradient;
    second[i] = beta2 * second[i] + (1 - beta2) * gradient * gradient;
    values[i] -= (rate * (first[i] * scale1)) / (Math.sqrt(second[i] * scale2) + epsilon);
  }
}

/**
 * Weight decay, ahead of the optimiser's step. SGD and Adam take it as an L2 penalty, through the
 * gradient; AdamW decouples it from the moments and shrinks the values themselves (Loshchilov and
 * Hutter, ICLR 2019). Updates one of the two vectors in place.
 */
export function decayWeights(
  optimizer: TrainSpec['optimizer'],
  values: Float32Array,
  gradients: Float32Array,
  weightDecay: number,
  rate: number,
): void {
  if (optimizer === 'adamw') {
    for (let i = 0; i < values.length; i++) values[i] *= 1 - rate * weightDecay;
  } else {
    for (let i = 0; i < values.length; i++) gradients[i] += weightDecay * values[i];
  }
}
