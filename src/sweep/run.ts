import { setTimeout as delay } from 'node:timers/promises';
import type { RunEvent } from '../pipeline/events.js';
import { lockIfFree } from '../pipeline/lock.js';
import { loadRuns, parseRunId, type RunRecord, runIds, tagRun } from '../pipeline/runs.js';
import type { Stage } from '../pipeline/stage.js';
import type { Range } from '../pipeline/steps.js';
import { lockFile, prepareStore, type Store } from '../pipeline/store.js';
import type { Experiment } from '../spec/load-sweep.js';
import { sha256 } from '../util/hash.js';
import { canonicalJson } from '../util/json.js';
import type { Launch } from './launch.js';
import { type PlannedExperiment, sweepPlanner } from './plan.js';
import type { Trouble } from './worker.js';

/** The experiments to run, and how. */
export interface SweepRequest extends Omit<Range, 'from'> {
  /** Of the sweep: every run of it is tagged so. */
  readonly name: string;
  readonly file: string;
  readonly experiments: readonly Experiment[];
  /** The same, as {@link planSweep} found them. */
  readonly planned: readonly PlannedExperiment[];
  readonly stages: readonly Stage[];
  readonly store: Store;
  readonly tool: string;
  /** Processes that run at a time. */
  readonly parallel: number;
  /** Whether to go on with the others where one fails. */
  readonly keepGoing: boolean;
  readonly launch: Launch;
  readonly listen: (event: SweepEvent) => void;
  readonly signal: AbortSignal;
}

/** How an experiment ended; `cached`: it was finished before; `not-run`: another one's failure, or Ctrl-C, came first. */
export type ExperimentStatus = 'cached' | 'finished' | 'failed' | 'interrupted' | 'not-run';

export interface ExperimentOutcome {
  readonly name: string;
  readonly status: ExperimentStatus;
  readonly run: string | null;
  readonly trouble: Trouble | null;
}

/** What a sweep tells whoever watches. */
export type SweepEvent =
  | { readonly type: 'experiment-started'; readonly name: string; readonly index: number }
  | { readonly type: 'experiment-event'; readonly name: string; readonly event: RunEvent }
  /** Another process is at it: it is looked at again when the others are done. */
  | { readonly type: 'experiment-held'; readonly name: string }
  | ({
      readonly type: 'experiment-ended';
      readonly seconds: number;
      /** Experiments that have ended so far, this one with them. */
      readonly ended: number;
      readonly experiments: number;
    } & ExperimentOutcome);

/** Milliseconds between two looks at what other processes hold. */
const pollTime = 300;

/** The runs of these experiments that are on record, by name alone. */
async function runsOf(store: Store, names: ReadonlySet<string>): Promise<readonly RunRecord[]> {
  const ids = await runIds(store);
  return loadRuns(
    store,
    ids.filter((id) => names.has(parseRunId(id)?.name ?? '')),
  );
}

/** What each experiment would do; changes nothing in the store. */
export async function planSweep(
  request: Pick<SweepRequest, 'experiments' | 'stages' | 'store' | 'until' | 'force'>,
): Promise<readonly PlannedExperiment[]> {
  const { experiments, stages, store } = request;
  const runs = await runsOf(store, new Set(experiments.map(({ spec }) => spec.name)));
  const byName = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const { name } = run.spec;
    byName.set(name, [...(byName.get(name) ?? []), run]);
  }
  const planner = sweepPlanner(stages, store, request);
  const planned: PlannedExperiment[] = [];
  for (const experiment of experiments) {
    planned.push(await planner.plan(experiment, byName.get(experiment.spec.name) ?? []));
  }
  return planned;
}

/**
 * Runs the experiments that are not finished yet, `parallel` at a time, each in a process of its own.
 * One that another process is at is left to it: what that makes is used, nothing is done twice.
 * Resolves with an outcome for every experiment, in their order, whatever became of them.
 */
export async function runSweep(request: SweepRequest): Promise<readonly ExperimentOutcome[]> {
  const {
    name: tag,
    experiments,
    planned,
    store,
    keepGoing,
    listen,
    signal,
    force = false,
  } = request;
  await prepareStore(store);
  const outcomes = new Map<string, ExperimentOutcome>();
  const end = (outcome: ExperimentOutcome, seconds: number) => {
    outcomes.set(outcome.name, outcome);
    const ended = outcomes.size;
    listen({ type: 'experiment-ended', ...outcome, seconds, ended, experiments: planned.length });
  };
  const waiting: PlannedExperiment[] = [];
  for (const experiment of planned) {
    if (experiment.done === null || force) waiting.push(experiment);
    else end(await found(experiment.done), 0);
  }
  let isStopped = false;
  const isOver = () => isStopped || signal.aborted || waiting.length === 0;
  const held = new Set<string>();

  /** Has this slot take experiments until there are none. */
  const slot = async () => {
    let busy = 0;
    while (!isOver()) {
      const experiment = waiting.shift();
      if (experiment === undefined) return;
      const release = await lockIfFree(
        lockFile(store, 'experiment', identityOf(experiment, request)),
      );
      if (release === null) {
        const { name } = experiment.spec;
        if (!held.has(name)) listen({ type: 'experiment-held', name });
        held.add(name);
        waiting.push(experiment);
        busy += 1;
        if (busy >= waiting.length) await delay(pollTime);
        continue;
      }
      busy = 0;
      try {
        await take(experiment);
      } finally {
        await release();
      }
    }
  };

  async function take(experiment: PlannedExperiment): Promise<void> {
    const { spec } = experiment;
    const { name } = spec;
    // Another process may have finished it since the sweep was planned.
    const [now] = await planSweep({ ...request, experiments: [experiment] });
    if (now?.done && !force) return end(await found(now.done), 0);
    const started = performance.now();
    listen({ type: 'experiment-started', name, index: planned.indexOf(experiment) });
    const { file: specFile, tool, until } = request;
    const order = { spec, specFile, tool, tags: [tag], until, force, store: store.root };
    const tell = (event: RunEvent) => listen({ type: 'experiment-event', name, event });
    const { status, run, trouble } = await request.launch(order, tell, signal);
    if (status === 'failed' && !keepGoing) isStopped = true;
    end({ name, status, run, trouble }, (performance.now() - started) / 1000);
  }

  /** A run of before; it is this sweep's from now on too. */
  async function found(run: RunRecord): Promise<ExperimentOutcome> {
    if (!run.tags?.includes(tag)) await tagRun(store, run, { add: [tag] });
    return { name: run.spec.name, status: 'cached', run: run.id, trouble: null };
  }

  await Promise.all(Array.from({ length: request.parallel }, slot));
  return experiments.map(({ spec: { name } }) => {
    return outcomes.get(name) ?? { name, status: 'not-run', run: null, trouble: null };
  });
}

/** Names an experiment for every process that may come to run it. */
function identityOf({ spec }: Experiment, { until }: Pick<Range, 'until'>): string {
  return sha256(canonicalJson([spec, until ?? null]));
}
