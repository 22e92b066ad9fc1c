import { lastRun, type RunRecord, readRun } from '../../pipeline/runs.js';
import type { Store } from '../../pipeline/store.js';
import { evidenceOf } from '../../stages/run-evidence.js';
import { Failure } from '../../util/failure.js';
import { writeFileAtomic } from '../../util/files.js';
import { reportPage } from './page.js';

/** The runs of these names, each once; without a name the last finished one. */
async function runsOf(store: Store, names: readonly string[]): Promise<readonly RunRecord[]> {
  if (names.length > 0) {
    const runs = await Promise.all(names.map((name) => readRun(store, name)));
    return [...new Map(runs.map((run) => [run.id, run])).values()];
  }
  const last = await lastRun(store, ({ status }) => status === 'finished');
  if (last) return [last];
  throw new Failure('input', 'no run has finished yet', ['snn run configs/quickstart.yaml']);
}

/**
 * Writes a report of runs to `file`, whole or not at all.
 *
 * @param names ids, beginnings of ids or spec names; none: the last run that finished
 * @throws Failure of kind `input` where there is no such run
 */
export async function writeReport(
  store: Store,
  names: readonly string[],
  file: string,
): Promise<{ readonly runs: readonly string[]; readonly bytes: number }> {
  const runs = await runsOf(store, names);
  const page = await reportPage(await Promise.all(runs.map((run) => evidenceOf(store, run))));
  await writeFileAtomic(file, page);
  return { runs: runs.map(({ id }) => id), bytes: Buffer.byteLength(page) };
}
