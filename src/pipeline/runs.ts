import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { printable } from '../spec/problem.js';
import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { orIfMissing, writeFileAtomic } from '../util/files.js';
import { isRecord } from '../util/json.js';
import type { Metrics, RunStatus, StageStatus } from './events.js';
import { isAlive, parseMark } from './process-mark.js';
import type { Store } from './store.js';

/** One stage of a run, as far as it got. */
export interface RunStage {
  readonly name: string;
  /** Whose stage it is, where that is not the run's own spec. */
  readonly of?: { readonly spec: string; readonly stage: string };
  readonly status: StageStatus;
  /** Why it was skipped, if it was. */
  readonly reason?: string;
  /** Whether an artifact from before was used. */
  readonly cached: boolean;
  /** Spent on the stage in this run. */
  readonly seconds: number;
  /** When it began to run in this run, ISO 8601, UTC; a cached one never did. */
  readonly startedAt?: string;
  /** Names the artifact, as does {@link Store}; null while it is unknown or there is none. */
  readonly fingerprint: string | null;
  /** SHA-256 over the artifact's files; null as above. */
  readonly digest: string | null;
}

/** What is kept of a run: one JSON file, rewritten after each stage. */
export interface RunRecord {
  readonly format: 1;
  /** Spec's name, UTC time and a few random digits. */
  readonly id: string;
  readonly status: RunStatus;
  /** Where the spec was read, or null if it came from no file. */
  readonly specFile: string | null;
  readonly spec: Spec;
  readonly stages: readonly RunStage[];
  /** Figures of each stage that has an artifact, by the stage's name. */
  readonly metrics: Readonly<Record<string, Metrics>>;
  /** Why it failed; null if it did not. */
  readonly error: string | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** ISO 8601, UTC; null while it runs. */
  readonly endedAt: string | null;
  /** Version of the program that ran it. */
  readonly tool: string;
  /** The process that runs it; see process-mark. */
  readonly process: string;
  /** Words by which a person, or a sweep, finds it again. */
  readonly tags?: readonly string[];
}

/** An id for a run that starts at `time`: ids of one spec sort by time. */
export function newRunId(name: string, time: Date): string {
  const stamp = time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${name}-${stamp}-${randomBytes(3).toString('hex')}`;
}

function runFile(store: Store, id: string): string {
  return join(store.root, 'runs', `${id}.json`);
}

/** Writes or replaces a run's record; a reader sees the old one or the new one, whole. */
export async function writeRun(store: Store, run: RunRecord): Promise<void> {
  await writeFileAtomic(runFile(store, run.id), `${JSON.stringify(run, null, 2)}\n`);
}

function isRunRecord(value: unknown): value is RunRecord {
  return (
    isRecord(value) &&
    value.format === 1 &&
    typeof value.id === 'string' &&
    typeof value.status === 'string' &&
    typeof value.startedAt === 'string' &&
    typeof value.process === 'string' &&
    isRecord(value.spec) &&
    isRecord(value.metrics) &&
    Array.isArray(value.stages)
  );
}

/** A run whose process is gone without a word (killed, power cut) was interrupted. */
function settle(run: RunRecord): RunRecord {
  if (run.status !== 'running') return run;
  const mark = parseMark(run.process);
  if (mark !== null && isAlive(mark)) return run;
  const stages = run.stages.map((stage) =>
    stage.status === 'running' ? { ...stage, status: 'interrupted' as const } : stage,
  );
  return { ...run, status: 'interrupted', stages };
}

async function loadRun(file: string): Promise<RunRecord | null> {
  const text = await orIfMissing(readFile(file, 'utf8'), null);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    const isOwn = isRunRecord(value) && basename(file) === `${value.id}.json`;
    return isOwn ? settle(value) : null;
  } catch {
    return null;
  }
}

/** Every run on record, oldest first; files that are no run's record are passed over. */
export async function listRuns(store: Store): Promise<RunRecord[]> {
  return loadRuns(store, await runIds(store));
}

/** Records read at a time: files that are open at once are counted by the system. */
const readAtOnce = 64;

/** The runs with these ids, oldest first; those that are no run's record are passed over. */
export async function loadRuns(store: Store, ids: readonly string[]): Promise<RunRecord[]> {
  const runs: (RunRecord | null)[] = [];
  for (let from = 0; from < ids.length; from += readAtOnce) {
    const files = ids.slice(from, from + readAtOnce).map((id) => runFile(store, id));
    runs.push(...(await Promise.all(files.map(loadRun))));
  }
  return runs
    .filter((run) => run !== null)
    .sort((a, b) => compare(a.startedAt, b.startedAt) || compare(a.id, b.id));
}

/** Ids of every run on record, in no order. */
export async function runIds(store: Store): Promise<string[]> {
  const names = await orIfMissing(readdir(join(store.root, 'runs')), []);
  return names.flatMap((name) => (name.endsWith('.json') ? name.slice(0, -'.json'.length) : []));
}

/** What an id tells: the spec's name, and when the run started (ISO 8601 to the second, UTC). */
export function parseRunId(id: string): { readonly name: string; readonly started: string } | null {
  const match = /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{6}$/.exec(id);
  if (match === null) return null;
  const [, name = '', year, month, day, hour, minute, second] = match;
  return { name, started: `${year}-${month}-${day}T${hour}:${minute}:${second}Z` };
}

/** Takes a run off the record; its artifacts stay. Throws a Failure of kind `input` while it runs. */
export async function removeRun(store: Store, run: RunRecord): Promise<void> {
  refuseRunning(run, 'removed');
  await rm(runFile(store, run.id), { force: true });
}

function refuseRunning({ id, status }: RunRecord, what: string): void {
  if (status !== 'running') return;
  throw new Failure('input', `${id} is running: it cannot be ${what} now`, ['snn status shows it']);
}

const tagPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Throws a Failure of kind `input` where a text is no tag. */
export function checkTag(tag: string): void {
  if (tagPattern.test(tag)) return;
  throw new Failure('input', `"${printable(tag)}" is no tag`, [
    'a tag is 1 to 64 letters, digits, dots, dashes and underscores',
  ]);
}

/** Adds tags to a run that has ended, or takes them away, and returns its record. */
export async function tagRun(
  store: Store,
  run: RunRecord,
  {
    add = [],
    remove = [],
  }: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): Promise<RunRecord> {
  refuseRunning(run, 'tagged');
  const kept = [...new Set([...(run.tags ?? []), ...add])].filter((tag) => !remove.includes(tag));
  const tagged = { ...run, tags: kept };
  await writeRun(store, tagged);
  return tagged;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest run that `fits`, or null. */
export async function lastRun(
  store: Store,
  fits: (run: RunRecord) => boolean = () => true,
): Promise<RunRecord | null> {
  return (await listRuns(store)).findLast(fits) ?? null;
}

/** Whether a run went to its end and was asked for by its spec: no baseline that another run needed. */
export function isOwnRun({ status, specFile }: RunRecord): boolean {
  return status === 'finished' && specFile !== null;
}

/**
 * The run that a person means: by its id, the one id that begins so, or the newest run of a spec's
 * name, a finished one if there is any. Throws a Failure of kind `input` that lists the newest runs if there is none.
 */
export async function readRun(store: Store, idOrName: string): Promise<RunRecord> {
  const runs = await listRuns(store);
  const begins = runs.filter((run) => run.id.startsWith(idOrName));
  const named = runs.filter((run) => run.spec.name === idOrName);
  const found =
    runs.find((run) => run.id === idOrName) ??
    named.findLast((run) => run.status === 'finished') ??
    named.at(-1) ??
    (begins.length === 1 ? begins[0] : undefined);
  if (found !== undefined) return found;
  const newest = runs.slice(-5).map((run) => run.id);
  throw new Failure(
    'input',
    begins.length > 1 ? `more than one run begins with ${idOrName}` : `no run ${idOrName}`,
    newest.length > 0
      ? [`name one of the newest runs: ${newest.reverse().join(', ')}`]
      : ['run one first: snn run configs/quickstart.yaml'],
  );
}
