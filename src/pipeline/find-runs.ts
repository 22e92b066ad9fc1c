import { printable } from '../spec/problem.js';
import { Failure } from '../util/failure.js';
import type { RunStatus } from './events.js';
import { loadRuns, parseRunId, type RunRecord, runIds } from './runs.js';
import type { Store } from './store.js';

/** Which runs; all that is given must hold. */
export interface RunFilter {
  /** Spec's name; `*` stands for any characters. */
  readonly name?: string | undefined;
  readonly tag?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** Started at this time or later. */
  readonly since?: Date | undefined;
  /** Started before this time. */
  readonly before?: Date | undefined;
  /** The newest so many. */
  readonly limit?: number | undefined;
}

/** Records read between two looks at whether there are enough. */
const chunk = 256;

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/**
 * The runs that fit, newest first, and how many are on record. An id tells name and time, so that only
 * records are read that may fit, and no more than `limit` needs.
 */
export async function findRuns(
  store: Store,
  { name, tag, status, since, before, limit = Number.POSITIVE_INFINITY }: RunFilter,
): Promise<{ readonly runs: readonly RunRecord[]; readonly recorded: number }> {
  const pattern = name === undefined ? null : patternOf(name);
  const ids = await runIds(store);
  const from = since?.toISOString().slice(0, 19) ?? '';
  const candidates = ids
    .flatMap((id) => {
      const about = parseRunId(id);
      if (about === null || (pattern && !pattern.test(about.name))) return [];
      // An id knows seconds, the record knows better.
      if (about.started.slice(0, 19) < from) return [];
      if (before && new Date(about.started) >= before) return [];
      return [{ id, started: about.started }];
    })
    .sort((a, b) =>
      a.started === b.started ? (a.id < b.id ? 1 : -1) : a.started < b.started ? 1 : -1,
    )
    .map(({ id }) => id);
  const fits = (run: RunRecord) =>
    (tag === undefined || run.tags?.includes(tag) === true) &&
    (status === undefined || run.status === status) &&
    (since === undefined || new Date(run.startedAt) >= since);
  const runs: RunRecord[] = [];
  for (let at = 0; at < candidates.length && runs.length < limit; at += chunk) {
    const read = await loadRuns(store, candidates.slice(at, at + chunk));
    runs.push(...read.reverse().filter(fits));
  }
  return { runs: runs.slice(0, limit), recorded: ids.length };
}

const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The time that lies so long back: `45m`, `12h`, `30d`, `2w`. Throws a Failure of kind `input`. */
export function timeAgo(age: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(age) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * units[unit] * 1000);
  throw new Failure('input', `"${printable(age)}" is no age`, [
    'write a number and m, h, d or w: 45m, 12h, 30d, 2w',
  ]);
}

/** Runs whose process is alive and at work, oldest first. */
export async function runningRuns(store: Store): Promise<readonly RunRecord[]> {
  const { runs } = await findRuns(store, { status: 'running' });
  return runs.toReversed();
}
