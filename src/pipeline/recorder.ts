import type { Spec } from '../spec/types.js';
import type { Metrics, RunStatus, StageStatus } from './events.js';
import type { PlannedStage } from './plan.js';
import { formatMark, thisProcess } from './process-mark.js';
import { newRunId, type RunRecord, type RunStage, writeRun } from './runs.js';
import type { Store } from './store.js';

/** Keeps a run's record up to date on disk. */
export interface Recorder {
  /** The record as it stands. */
  readonly run: () => RunRecord;
  readonly stage: (name: string, changes: Partial<RunStage>, metrics?: Metrics) => Promise<void>;
  readonly end: (status: Exclude<RunStatus, 'running'>, error?: string) => Promise<void>;
}

/** Starts the record of a run that is about to begin. */
export async function recordRun(
  about: {
    readonly spec: Spec;
    readonly specFile: string | null;
    readonly store: Store;
    readonly tool: string;
    readonly tags?: readonly string[];
  },
  planned: readonly PlannedStage[],
): Promise<Recorder> {
  const { spec, specFile, store, tool, tags = [] } = about;
  const now = new Date();
  let run: RunRecord = {
    format: 1,
    id: newRunId(spec.name, now),
    status: 'running',
    specFile,
    spec,
    stages: planned.map((stage) => ({
      name: stage.name,
      ...(stage.of && { of: stage.of }),
      status: initialStatus(stage.status),
      ...(stage.status === 'skipped' && { reason: stage.reason }),
      cached: false,
      seconds: 0,
      fingerprint: null,
      digest: null,
    })),
    metrics: {},
    error: null,
    startedAt: now.toISOString(),
    endedAt: null,
    tool,
    process: formatMark(thisProcess),
    ...(tags.length > 0 && { tags }),
  };
  const update = (changes: Partial<RunRecord>) => {
    run = { ...run, ...changes };
    return writeRun(store, run);
  };
  await update({});
  return {
    run: () => run,
    stage: (name, changes, metrics) =>
      update({
        stages: run.stages.map((stage) => (stage.name === name ? { ...stage, ...changes } : stage)),
        metrics: metrics === undefined ? run.metrics : { ...run.metrics, [name]: metrics },
      }),
    end: (status, error) =>
      update({ status, error: error ?? null, endedAt: new Date().toISOString() }),
  };
}

function initialStatus(planned: PlannedStage['status']): StageStatus {
  return planned === 'skipped' || planned === 'not-asked' ? planned : 'waiting';
}
