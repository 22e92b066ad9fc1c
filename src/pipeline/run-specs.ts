import { storedSpec } from '../spec/load.js';
import type { SpecOfRun } from '../spec/teacher.js';
import { readRun } from './runs.js';
import type { Store } from './store.js';

/** Finds the specs of runs by their ids or names, as this version reads them; see {@link readRun}. */
export function specsOfRuns(store: Store): SpecOfRun {
  return async (idOrName) => {
    const run = await readRun(store, idOrName);
    return storedSpec(run.spec, run.id);
  };
}
