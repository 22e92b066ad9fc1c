import { Failure } from '../util/failure.js';
import type { ExperimentOutcome } from './run.js';

/** Failed experiments that are told one by one. */
const mostTold = 10;

/** What to throw at the end of a sweep; null: every experiment is finished. */
export function sweepFailure(outcomes: readonly ExperimentOutcome[], again: string): Error | null {
  const interrupted = outcomes.some(({ status }) => status === 'interrupted');
  const failed = outcomes.filter(({ status }) => status === 'failed');
  const left = outcomes.filter(({ status }) => status === 'not-run').length;
  if (failed.length === 0 && !interrupted && left === 0) return null;
  const next = `${again}: finished experiments are kept, the others go on where they were saved`;
  const [first] = failed;
  if (first === undefined) {
    const open = outcomes.filter(({ status }) => !['finished', 'cached'].includes(status));
    const message = `interrupted: ${open.length} of ${outcomes.length} experiments are not finished`;
    return new Failure('interrupted', message, [next]);
  }
  const message = [
    `${failed.length} of ${outcomes.length} experiments failed${left > 0 ? `, ${left} were not run` : ''}`,
    ...failed
      .slice(0, mostTold)
      .map(({ name, trouble }) => `${name}: ${trouble?.message ?? 'no reason was given'}`),
    ...(failed.length > mostTold ? [`and ${failed.length - mostTold} more`] : []),
  ].join('\n');
  const kind = first.trouble?.kind ?? 'bug';
  if (kind === 'bug') return new Error(message);
  const keep = left > 0 ? ['--keep-going runs the others all the same'] : [];
  const steps = failed.flatMap(({ trouble }) => trouble?.next ?? []);
  return new Failure(kind, message, [...new Set([...steps, ...keep, next])]);
}
