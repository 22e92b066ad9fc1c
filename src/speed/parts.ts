import type { Operation, OperationName, Program } from '../runtime/program.js';
import { type Spread, spreadOf } from '../util/timing.js';

/** The parts of a network, in the order in which an image meets them first, by their operations. */
const operationsOf = {
  stem: ['padImage', 'stem', 'maxPool'],
  /** Activations to bits, and to what the kernels of the binary convolutions read. */
  codes: ['encode', 'transpose'],
  /** With the activations behind them. */
  convolutions: ['block', 'convolve', 'maxPoolSums', 'activate'],
  /** Shortcuts with weights. */
  downsample: ['downsample'],
  classifier: ['average', 'classify'],
} as const satisfies Record<string, readonly OperationName[]>;

export type PartName = keyof typeof operationsOf;
export const partNames = Object.keys(operationsOf) as PartName[];

/** The part of a network that an operation belongs to. */
export function partOf({ name }: Pick<Operation, 'name'>): PartName {
  const part = partNames.find((part) =>
    (operationsOf[part] as readonly OperationName[]).includes(name),
  );
  if (part === undefined) throw new Error(`operation ${name} belongs to no part`);
  return part;
}

/** Whether an operation computes a binary layer: its codes, its convolution, what stands behind it. */
export function isBinary(operation: Operation): boolean {
  const part = partOf(operation);
  return part === 'codes' || part === 'convolutions';
}

/** What each of a program's operations took, in milliseconds. */
export interface TimedProgram {
  readonly operations: readonly Operation[];
  /** [operations]. */
  readonly times: readonly Spread[];
}

/** @param runs milliseconds of every operation, [runs, operations] */
export function timedProgram(
  { operations }: Pick<Program, 'operations'>,
  runs: readonly (readonly number[])[],
): TimedProgram {
  return { operations, times: operations.map((_, i) => spreadOf(runs.map((times) => times[i]))) };
}

/** The `wanted` operations together: the sums of their medians and of their quartiles. */
export function timeOf(
  { operations, times }: TimedProgram,
  wanted: (operation: Operation) => boolean,
): Spread {
  const chosen = times.filter((_, i) => wanted(operations[i]));
  const sum = (of: 'median' | 'lower' | 'upper') => chosen.reduce((ms, each) => ms + each[of], 0);
  return {
    median: sum('median'),
    lower: sum('lower'),
    upper: sum('upper'),
    repeats: times[0]?.repeats ?? 0,
  };
}

/** Each of a program's parts; see {@link timeOf}. They add up to the whole. */
export function partTimes(program: TimedProgram): { part: PartName; time: Spread }[] {
  return partNames.map((part) => ({
    part,
    time: timeOf(program, (operation) => partOf(operation) === part),
  }));
}
