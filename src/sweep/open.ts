import { specFailure } from '../spec/load.js';
import { type Experiments, openSweep } from '../spec/load-sweep.js';
import type { SpecOfRun } from '../spec/teacher.js';
import { confirm } from '../util/confirm.js';
import { Failure } from '../util/failure.js';

/** Experiments beyond which a sweep asks first: most likely a step of a range is wrong. */
const mostUnasked = 10_000;

/** What a sweep's file holds: its name, and experiments that are valid, each of them. */
export type LoadedSweep = Omit<Extract<Experiments, { ok: true }>, 'ok'> & {
  readonly name: string;
  readonly file: string;
};

/**
 * Reads a sweep and writes its experiments out. Throws a Failure of kind `input` that tells all
 * problems with their places, and where there are very many experiments and nobody has agreed to that.
 *
 * @param yes nobody needs to be asked
 */
export async function loadSweep(
  file: string,
  overrides: readonly string[],
  runs: SpecOfRun,
  yes: boolean,
): Promise<LoadedSweep> {
  const opened = await openSweep(file, overrides, runs);
  if (!opened.ok) throw specFailure(file, opened.problems);
  const { name, combinations } = opened;
  if (combinations > mostUnasked && !yes) {
    const many = `${file} has ${combinations} combinations`;
    const agreed = await confirm(`${many}. Go on?`);
    if (!agreed) {
      throw new Failure('input', `${many}, more than ${mostUnasked}`, [
        'shorten its lists and ranges',
        'or say that you mean it: --yes',
      ]);
    }
  }
  const result = await opened.experiments();
  if (!result.ok) throw specFailure(file, result.problems);
  return { name, file, experiments: result.experiments, warnings: result.warnings };
}
