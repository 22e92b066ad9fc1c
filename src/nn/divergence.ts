import type { GradientResult } from '../engine/engine.js';
import type { TrainSpec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import type { Layout } from './layout.js';

/** The step that is looked at, and what a person could change about it. */
export interface StepMoment {
  /** 0-based. */
  readonly epoch: number;
  /** 0-based, within the epoch. */
  readonly step: number;
  readonly train: Pick<TrainSpec, 'learningRate' | 'warmup'>;
  /** Where those stand in a spec. */
  readonly field: 'train' | 'train.pretrain';
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function part(flat: Float32Array, { offset, size }: { offset: number; size: number }) {
  return flat.subarray(offset, offset + size);
}

/**
 * What of a step's passes is not finite, at the place where it began: the first batch norm of the
 * forward pass, then the loss, then the parameter nearest to the loss, where the backward pass set
 * out. Null: all is finite.
 */
function firstInPasses(layout: Layout, found: GradientResult): string | null {
  const { loss, gradients, statistics } = found;
  const norm = [...layout.norms.values()].find(
    ({ channels, meanOffset }) =>
      !allFinite(part(statistics, { offset: meanOffset, size: 2 * channels })),
  );
  if (norm) return `the input of ${norm.name}`;
  if (!Number.isFinite(loss)) return 'the loss';
  const backwards = [...layout.parameters.values()].reverse();
  const parameter = backwards.find((candidate) => !allFinite(part(gradients, candidate)));
  return parameter ? `the gradient of ${parameter.name}` : null;
}

/** @throws Failure that names the first of a step's results that is not finite */
export function requireFinitePasses(
  layout: Layout,
  found: GradientResult,
  moment: StepMoment,
): void {
  const place = firstInPasses(layout, found);
  if (place !== null) throw diverged(place, moment);
}

/** @throws Failure that names the first parameter that a step has left not finite */
export function requireFiniteParameters(
  layout: Layout,
  parameters: Float32Array,
  moment: StepMoment,
): void {
  const all = [...layout.parameters.values()];
  const broken = all.find((candidate) => !allFinite(part(parameters, candidate)));
  if (broken) throw diverged(`the parameter ${broken.name}`, moment);
}

function diverged(place: string, { epoch, step, train, field }: StepMoment): Failure {
  return new Failure(
    'input',
    `training diverged in epoch ${epoch + 1}, step ${step + 1}: ${place} is no longer finite`,
    [
      `lower ${field}.learningRate (now ${train.learningRate})`,
      train.warmup === 0
        ? `or let it rise slowly: ${field}.warmup=1`
        : `or let it rise for longer: ${field}.warmup is ${train.warmup}`,
      ...(epoch > 0 ? [`the checkpoint behind epoch ${epoch} is kept in the store's scratch`] : []),
    ],
  );
}
