import { isBinary, isSubBit } from '../spec/binary.js';
import { storedSpec } from '../spec/load.js';
import { twinOf } from '../spec/twin.js';
import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { planStages } from './executor.js';
import { isOwnRun, lastRun, listRuns, type RunRecord } from './runs.js';
import type { Stage } from './stage.js';
import type { Store } from './store.js';

/** The 1-bit twin of a run, as far as it is there. */
export interface Baseline {
  readonly spec: Spec;
  /** Last stage that the run came to: the twin is to get as far. */
  readonly until: string;
  /** Stages that the twin has no artifact of. */
  readonly lacking: readonly string[];
  /** A run of the twin with all these artifacts; null if there is none. */
  readonly run: RunRecord | null;
}

/** The newest finished run of a sub-bit network, one that was asked for by its spec first, or null. */
export async function lastSubBitRun(store: Store): Promise<RunRecord | null> {
  const fits = ({ status, spec }: RunRecord) => status === 'finished' && isSubBit(spec);
  return (await lastRun(store, (run) => fits(run) && isOwnRun(run))) ?? lastRun(store, fits);
}

/**
 * Finds out what there is of a run's 1-bit twin; changes nothing. Throws a Failure of kind `input`
 * where there is nothing to compare: the run is 1-bit itself, or real-valued, or finished no stage.
 */
export async function findBaseline(
  run: RunRecord,
  stages: readonly Stage[],
  store: Store,
): Promise<Baseline> {
  const stored = await storedSpec(run.spec, run.id);
  if (!isSubBit(stored)) {
    const why = isBinary(stored)
      ? 'is a 1-bit network: it is its own baseline'
      : 'is a real-valued network: it has no 1-bit twin';
    throw new Failure('input', `${run.id} ${why}`, ['name a run with tau below 9']);
  }
  const reached = run.stages.filter(({ status }) => status === 'finished' || status === 'skipped');
  const until = reached.at(-1)?.name;
  if (until === undefined) {
    throw new Failure('input', `${run.id} finished no stage: there is nothing to compare`, [
      `snn run ${run.specFile ?? run.spec.name}`,
    ]);
  }

  const spec = twinOf(stored);
  const planned = await planStages({ spec, stages, store, until });
  const lacking = planned.flatMap(({ name, status }) => (status === 'will-run' ? [name] : []));
  const wanted = planned.flatMap((stage) => (stage.status === 'cached' ? [stage.fingerprint] : []));
  const covers = (record: RunRecord) => {
    const has = new Set(
      record.stages.flatMap(({ status, fingerprint }) =>
        status === 'finished' ? fingerprint : [],
      ),
    );
    return record.spec.name === spec.name && wanted.every((fingerprint) => has.has(fingerprint));
  };
  const known = lacking.length > 0 ? undefined : (await listRuns(store)).findLast(covers);
  return { spec, until, lacking, run: known ?? null };
}
