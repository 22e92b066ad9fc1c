import { findRuns } from '../pipeline/find-runs.js';
import { listRuns, type RunRecord, readRun } from '../pipeline/runs.js';
import type { Store } from '../pipeline/store.js';
import { printable } from '../spec/problem.js';
import { Failure } from '../util/failure.js';
import { isRecord } from '../util/json.js';

const mostSpecs = 4;

/** Which runs to compare. */
export interface RunChoice {
  /** Ids, beginnings of ids or names of specs; none: all finished runs that fit. */
  readonly names: readonly string[];
  readonly tag?: string | undefined;
  /** `field=value` of the run's spec with every default written out. */
  readonly where: readonly string[];
  /** Whether all of them are wanted where nothing else narrows them down. */
  readonly all: boolean;
}

/** The newest finished run of each of the specs that were run last, oldest first. */
async function newestOfEachSpec(store: Store): Promise<readonly RunRecord[]> {
  const finished = (await listRuns(store)).filter(({ status }) => status === 'finished');
  const newest = new Map(finished.map((run) => [run.spec.name, run]));
  return finished.filter((run) => newest.get(run.spec.name) === run).slice(-mostSpecs);
}

function valueAt(spec: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), spec);
}

/** A condition on a spec; throws a Failure of kind `input` where it is none, or no run has the field. */
function condition(text: string, runs: readonly RunRecord[]): (run: RunRecord) => boolean {
  const [, field = '', wanted = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (field === '') {
    throw new Failure('input', `--where ${printable(text)} is no condition`, [
      'write field=value: --where quantize.tau=4',
    ]);
  }
  if (runs.length > 0 && runs.every(({ spec }) => valueAt(spec, field) === undefined)) {
    throw new Failure('input', `no run has the field "${printable(field)}" in its spec`, [
      'snn validate FILE --print writes every field of a spec',
    ]);
  }
  return ({ spec }) => {
    const value = valueAt(spec, field);
    return value !== undefined && (value === wanted || JSON.stringify(value) === wanted);
  };
}

/** The runs of a choice, oldest first unless named. Throws a Failure of kind `input` if there are none. */
export async function selectRuns(
  store: Store,
  { names, tag, where, all }: RunChoice,
): Promise<readonly RunRecord[]> {
  const isNarrowed = tag !== undefined || where.length > 0;
  const candidates =
    names.length > 0
      ? (await Promise.all(names.map((name) => readRun(store, name)))).filter(
          ({ tags }) => tag === undefined || tags?.includes(tag),
        )
      : isNarrowed || all
        ? (await findRuns(store, { tag, status: 'finished' })).runs.toReversed()
        : await newestOfEachSpec(store);
  const conditions = where.map((text) => condition(text, candidates));
  const runs = candidates.filter((run) => conditions.every((holds) => holds(run)));
  if (runs.length > 0) return runs;
  throw isNarrowed
    ? new Failure('input', 'no finished run fits', ['snn runs lists them'])
    : new Failure('input', 'no run has finished yet', ['snn run configs/quickstart.yaml']);
}
