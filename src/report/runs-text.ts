import type { RunRecord } from '../pipeline/runs.js';
import { printable } from '../spec/problem.js';
import { duration, figure } from './progress-text.js';
import { table } from './table.js';

function timeText(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

function secondsOf({ startedAt, endedAt }: RunRecord): number | null {
  return endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/** The last stage that a run came to, and how that stands. */
function reached({ stages }: RunRecord): string {
  const last = stages.findLast(
    ({ status }) => !['waiting', 'not-asked', 'skipped'].includes(status),
  );
  if (last === undefined) return '';
  return last.status === 'finished' ? last.name : `${last.name} ${last.status}`;
}

/** Runs as `snn runs` lists them: one a line, whatever their names hold. */
export function runsText(runs: readonly RunRecord[], recorded: number): string {
  if (runs.length === 0) return recorded === 0 ? 'no runs yet' : `none of ${recorded} runs fits`;
  const rows = runs.map((run) => {
    const seconds = secondsOf(run);
    const accuracy = run.metrics.evaluate?.['test accuracy'];
    return [
      printable(run.id),
      run.status,
      timeText(run.startedAt),
      seconds === null ? '' : duration(seconds),
      printable(reached(run)),
      accuracy ? figure({ ...accuracy, unit: '%' }) : '',
      (run.tags ?? []).map(printable).join(', '),
    ];
  });
  return [
    table(
      [
        { head: 'run', align: 'left' },
        { head: 'status', align: 'left' },
        { head: 'started (UTC)', align: 'left' },
        { head: 'took', align: 'right' },
        { head: 'reached', align: 'left' },
        { head: 'test accuracy', align: 'right' },
        { head: 'tags', align: 'left' },
      ],
      rows,
    ),
    ...(runs.length < recorded ? ['', `${runs.length} of ${recorded} runs`] : []),
  ].join('\n');
}

/** A run as data, without its spec. */
export function runsDocument(runs: readonly RunRecord[], recorded: number): object {
  return {
    recorded,
    runs: runs.map((run) => {
      const { id, status, startedAt, endedAt, specFile, tags = [], metrics } = run;
      return { id, name: run.spec.name, status, startedAt, endedAt, specFile, tags, metrics };
    }),
  };
}

/** What a run is at. */
export interface RunningStage {
  readonly run: string;
  readonly pid: number;
  /** Null: between two stages. */
  readonly stage: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** What each of the runs that go on is at, and since when. */
export function runningStages(runs: readonly RunRecord[]): readonly RunningStage[] {
  return runs.map(({ id, process, startedAt, stages }) => {
    const stage = stages.find(({ status }) => status === 'running');
    const since = stage?.startedAt ?? startedAt;
    return { run: id, pid: Number.parseInt(process, 10), stage: stage?.name ?? null, since };
  });
}

/** What `snn status` prints. */
export function statusText(running: readonly RunningStage[], now: Date): string {
  if (running.length === 0) return 'nothing runs';
  return table(
    [
      { head: 'run', align: 'left' },
      { head: 'process', align: 'right' },
      { head: 'stage', align: 'left' },
      { head: 'since (UTC)', align: 'left' },
      { head: 'for', align: 'right' },
    ],
    running.map(({ run, pid, stage, since }) => [
      printable(run),
      pid,
      stage === null ? '' : printable(stage),
      timeText(since),
      duration(Math.max(0, (now.getTime() - Date.parse(since)) / 1000)),
    ]),
  );
}
