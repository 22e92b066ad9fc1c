import type { TrainSpec } from '../spec/types.js';

/**
 * Learning rate of step `step` (0-based) of `steps`: falls every step, from `learningRate` to zero
 * behind the last one (linear, or half a cosine wave), or stays (constant).
 */
export function learningRateAt(
  { learningRate, schedule }: Pick<TrainSpec, 'learningRate' | 'schedule'>,
  step: number,
  steps: number,
): number {
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - step / steps);
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  }
}
