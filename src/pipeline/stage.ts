import type { Spec } from '../spec/types.js';
import type { Json } from '../util/json.js';
import type { Metrics, StageEvent } from './events.js';

export type { Json } from '../util/json.js';

/** A finished, verified artifact of an earlier stage. */
export interface Input {
  /** Folder with the artifact's files; read only. */
  readonly path: string;
  /** SHA-256 over the artifact's files: names what it holds, wherever it lies. */
  readonly digest: string;
  readonly metrics: Metrics;
}

/** A stage of a spec, whose artifact another stage borrows. */
export interface StageOf {
  readonly spec: Spec;
  readonly stage: string;
}

/**
 * The artifacts that a stage reads: those it needs by stage name, one that was skipped for this spec
 * left out, and those it borrows by the names that it gave them.
 */
export type Inputs = Readonly<Partial<Record<string, Input>>>;

/** An input that the stage cannot do without. */
export function inputOf(inputs: Inputs, name: string): Input {
  const input = inputs[name];
  if (input === undefined) throw new Error(`a stage that needs ${name} runs without it`);
  return input;
}

export interface StageContext<Slice> {
  /** The part of the spec that the stage declared; nothing else of it reaches the stage. */
  readonly spec: Slice;
  readonly inputs: Inputs;
  /** Empty folder; what it holds when the stage returns becomes the artifact. */
  readonly out: string;
  /** Folder that outlives a killed run of this very stage: the place of checkpoints. */
  readonly scratch: string;
  readonly emit: (event: StageEvent) => void;
  /** Aborted on Ctrl-C: save what a resumed run needs and reject with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * One step of the pipeline: a function from declared inputs to an artifact. Its fingerprint is the
 * hash of name, version, slice, digests of its inputs and environment; while that stands, the
 * artifact is reused.
 */
export interface Stage<Slice = unknown> {
  readonly name: string;
  /** Raised when the stage's meaning changes, so that older artifacts no longer match. */
  readonly version: number;
  /** Stages whose artifacts it reads. */
  readonly needs: readonly string[];
  /**
   * Artifacts that it reads besides, by names of its choice: of stages of other specs, or, where the
   * spec decides whether they are read at all, of its own. What it borrows is made first.
   */
  borrows?(spec: Spec): Readonly<Record<string, StageOf>>;
  /** Why the stage has nothing to do for this spec, or null. */
  skip?(spec: Spec): string | null;
  /** The slice of the spec that can change the result: plain JSON values, hashed key-sorted. */
  reads(spec: Spec): Promise<Slice> | Slice;
  /** What else can change the result: engine, thread count, tool versions. */
  environment?(spec: Spec): Promise<Json> | Json;
  /**
   * Looks ahead for whatever would make `run` fail for certain: a missing data set or tool, a network
   * that cannot fit. Called for every stage that will run, before any starts; throws a Failure.
   */
  preflight?(spec: Spec): Promise<void> | void;
  /** Fills `out` and returns the figures that it found. */
  run(context: StageContext<Slice>): Promise<Metrics>;
}

/** Declares a stage; infers the type of its slice and then forgets it, so that stages share a list. */
export function defineStage<Slice>(stage: Stage<Slice>): Stage {
  return stage;
}
