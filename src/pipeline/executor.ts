import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import type { Artifact } from './artifact.js';
import type { RunEvent, StageEvent } from './events.js';
import { fingerprint } from './fingerprint.js';
import { announceUse } from './in-use.js';
import { storeKnowledge } from './knowledge.js';
import { makeArtifact, startClock } from './make.js';
import {
  type Declaration,
  declareStages,
  explain,
  isForced,
  type Knowledge,
  type PlannedStage,
  planRun,
  recipeOf,
} from './plan.js';
import { preflight, throwAll } from './preflight.js';
import { describeReason } from './reasons.js';
import { type Recorder, recordRun } from './recorder.js';
import type { RunRecord } from './runs.js';
import type { Input, Stage } from './stage.js';
import type { Range } from './steps.js';
import { prepareStore, type Store } from './store.js';

/** What to run, where, and who watches. */
export interface RunRequest extends Range {
  readonly spec: Spec;
  /** Where the spec was read; null if it came from no file. */
  readonly specFile: string | null;
  /** Every stage there is, in the order in which they run. */
  readonly stages: readonly Stage[];
  readonly store: Store;
  /** Version of the program, for the record. */
  readonly tool: string;
  /** Words to find the run by, for the record. */
  readonly tags?: readonly string[];
  readonly listen: (event: RunEvent) => void;
  /** Aborting it lets the running stage save what it has, and ends the run as interrupted. */
  readonly signal: AbortSignal;
}

/** How a run ended. `error` is a Failure or, where the fault is ours, anything. */
export type RunOutcome =
  | { readonly status: 'finished'; readonly run: RunRecord }
  | {
      readonly status: 'failed' | 'interrupted';
      readonly run: RunRecord;
      readonly error: unknown;
    };

/** What a run would do; see {@link planRun}. Changes nothing in the store. */
export async function planStages(
  request: Pick<RunRequest, 'spec' | 'stages' | 'store'> & Range,
): Promise<PlannedStage[]> {
  const { spec, stages, store } = request;
  const declarations = await declareStages(stages, spec, request);
  return planRun(declarations, storeKnowledge(store), request);
}

/**
 * Runs a spec's stages in order, what they borrow from other specs ahead of them, and reuses every
 * artifact that still fits. Whatever stops a run that
 * has begun is in the outcome; what stops it before (a bad range, a failed preflight, a store that
 * cannot be written) is thrown and leaves no record.
 */
export async function executeRun(request: RunRequest): Promise<RunOutcome> {
  const { store, signal } = request;
  await prepareStore(store);
  const withdraw = await announceUse(store, signal);
  try {
    return await runAnnounced(request);
  } finally {
    await withdraw();
  }
}

async function runAnnounced(request: RunRequest): Promise<RunOutcome> {
  const { spec, stages, store, listen, signal } = request;
  const seconds = startClock();
  const declarations = await declareStages(stages, spec, request);
  const knowledge = storeKnowledge(store);
  const planned = await planRun(declarations, knowledge, request);
  throwAll(await preflight(declarations, planned));

  const recorder = await recordRun(request, planned);
  const { id } = recorder.run();
  const names = planned.filter(({ status }) => status !== 'not-asked').map(({ name }) => name);
  listen({ type: 'run-started', run: id, spec: spec.name, stages: names });

  const artifacts = new Map<string, Artifact>();
  for (const [index, declaration] of declarations.entries()) {
    const { name } = declaration;
    const plan = planned[index];
    if (plan === undefined || plan.status === 'not-asked') continue;
    if (plan.status === 'skipped') {
      listen({ type: 'stage-skipped', stage: name, reason: plan.reason });
      continue;
    }
    try {
      signal.throwIfAborted();
      const job = { plan, declaration, artifacts, knowledge, request, recorder };
      artifacts.set(name, await runStage(job));
    } catch (error) {
      return stopRun(error, name, seconds());
    }
  }
  await recorder.end('finished');
  listen({ type: 'run-finished', run: id, status: 'finished', seconds: seconds() });
  return { status: 'finished', run: recorder.run() };

  async function stopRun(error: unknown, stage: string, spent: number): Promise<RunOutcome> {
    const status = signal.aborted ? 'interrupted' : 'failed';
    const told = signal.aborted ? interruption(stage, error) : error;
    const message = told instanceof Error ? told.message : String(told);
    await recorder.stage(stage, { status });
    await recorder.end(status, message);
    listen({ type: 'stage-failed', stage, status, message });
    listen({ type: 'run-finished', run: id, status, seconds: spent });
    return { status, run: recorder.run(), error: told };
  }
}

function interruption(stage: string, cause: unknown): Failure {
  return new Failure(
    'interrupted',
    `interrupted at ${stage}`,
    ['run the same command again: finished stages are reused, training goes on where it was saved'],
    { cause },
  );
}

interface Job {
  readonly plan: PlannedStage;
  readonly declaration: Declaration;
  /** Of the steps so far. */
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly knowledge: Knowledge;
  readonly request: RunRequest;
  readonly recorder: Recorder;
}

/** Finds or makes one stage's artifact, telling the listener and the record. */
async function runStage(job: Job): Promise<Artifact> {
  const { plan, declaration, knowledge, request, recorder } = job;
  const { listen } = request;
  const { name, stage, spec } = declaration;
  const seconds = startClock();
  const inputs = inputsOf(job);
  const recipe = recipeOf(declaration, digestsOf(inputs));
  const wanted = fingerprint(recipe);
  const force = isForced(declaration, request);

  let made = force ? null : await reuse(plan, recipe.stage, wanted, knowledge);
  if (made === null) {
    const reasons = await explain(recipe, spec.name, knowledge, { forced: force });
    listen({ type: 'stage-started', stage: name, because: reasons.map(describeReason) });
    const startedAt = new Date().toISOString();
    await recorder.stage(name, { status: 'running', fingerprint: wanted, startedAt });
    const { store, signal } = request;
    const emit = (event: StageEvent) => listen({ type: 'stage-event', stage: name, event });
    const tellAbort = () => emit({ type: 'note', text: 'saving; Ctrl-C again stops at once' });
    signal.addEventListener('abort', tellAbort, { once: true });
    try {
      made = await makeArtifact({ stage, recipe, inputs, force, store, emit, signal });
    } finally {
      signal.removeEventListener('abort', tellAbort);
    }
  }
  const { artifact, cached } = made;
  const { digest, metrics } = artifact.manifest;
  const result = { cached, seconds: seconds(), digest };
  await recorder.stage(name, { status: 'finished', fingerprint: wanted, ...result }, metrics);
  listen({ type: 'stage-finished', stage: name, ...result, metrics });
  return artifact;
}

/** The artifact if it is in the store and intact; what the plan has just checked is believed. */
async function reuse(plan: PlannedStage, stage: string, wanted: string, knowledge: Knowledge) {
  if (plan.status === 'cached' && plan.fingerprint === wanted) {
    return { artifact: plan.artifact, cached: true };
  }
  const found = await knowledge.find(stage, wanted);
  return found.state === 'intact' ? { artifact: found.artifact, cached: true } : null;
}

function inputsOf({ declaration, artifacts }: Job): Record<string, Input> {
  const inputs: Record<string, Input> = {};
  for (const [name, step] of Object.entries(declaration.inputs)) {
    const artifact = artifacts.get(step);
    if (artifact === undefined) continue;
    const { digest, metrics } = artifact.manifest;
    inputs[name] = { path: artifact.path, digest, metrics };
  }
  return inputs;
}

function digestsOf(inputs: Readonly<Record<string, Input>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { digest }]) => [name, digest]));
}
