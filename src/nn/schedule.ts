import type { TrainSpec } from '../spec/types.js';

/** What decides the learning rate. */
export type ScheduleSettings = Pick<TrainSpec, 'epochs' | 'learningRate' | 'schedule' | 'warmup'>;

/**
 * Learning rate of step `step` (0-based) of a run whose epochs have `stepsPerEpoch` steps.
 *
 * Over the first `warmup` epochs it rises linearly from step to step, up to `learningRate`. Behind
 * them it falls to zero behind the last step (linear, or half a cosine wave), stays (constant), or
 * is multiplied by `factor` at every milestone, counted in epochs from the start of the run.
 */
export function learningRateAt(
  { epochs, learningRate, schedule, warmup }: ScheduleSettings,
  step: number,
  stepsPerEpoch: number,
): number {
  const warmupSteps = Math.round(warmup * stepsPerEpoch);
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  const done = step - warmupSteps;
  const all = epochs * stepsPerEpoch - warmupSteps;
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - done / all);
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos((Math.PI * done) / all));
    default: {
      const passed = schedule.milestones.filter((epoch) => step >= epoch * stepsPerEpoch);
      return learningRate * schedule.factor ** passed.length;
    }
  }
}
