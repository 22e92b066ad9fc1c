import { Failure } from '../util/failure.js';
import type { PlannedStage } from './plan.js';
import type { Step } from './steps.js';

/** Lets every step that will run look ahead, and gives what would make them fail for certain. */
export async function preflight(
  steps: readonly Step[],
  planned: readonly PlannedStage[],
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const [index, { stage, spec }] of steps.entries()) {
    if (planned[index]?.status !== 'will-run') continue;
    try {
      await stage.preflight?.(spec);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

/** Throws one Failure that tells all of them, each message and suggestion once; none: does nothing. */
export function throwAll(failures: readonly Failure[]): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new Failure(
    first.kind,
    [...new Set(failures.map((failure) => failure.message))].join('\n'),
    [...new Set(failures.flatMap((failure) => failure.next))],
    { cause: first },
  );
}
