import type { Batch } from '../data/source.js';
import type { NetworkShape } from '../model/network.js';
import type { Activations, InputScaling } from '../model/trained.js';
import type { Lesson } from '../nn/loss.js';
import type { EngineName } from '../spec/types.js';

/** A teacher as a thread is given it; all threads share its parameters, which never change. */
export interface TeacherSetup extends Pick<Lesson, 'weight' | 'temperature'> {
  readonly shape: NetworkShape;
  readonly activations: Activations;
  readonly scaling: InputScaling;
  /** Float32, the flat parameter vector in the engine's form. */
  readonly parameters: SharedArrayBuffer;
  /** Float32, flat. */
  readonly statistics: SharedArrayBuffer;
}

/** What a thread is started with. */
export interface WorkerSetup {
  readonly backend: EngineName;
  readonly shape: NetworkShape;
  readonly activations: Activations;
  readonly scaling: InputScaling;
  /** Share of every label that is spread over all classes while training, 0..1. */
  readonly labelSmoothing: number;
  readonly teacher: TeacherSetup | null;
  /** Float32, the flat parameter vector in the engine's form; read by every thread. */
  readonly parameters: SharedArrayBuffer;
  /** Float32, the flat statistics that inference normalises by; read by every thread. */
  readonly statistics: SharedArrayBuffer;
  /** Float32, this thread's gradients. */
  readonly gradients: SharedArrayBuffer;
  /** Float32, this thread's batch statistics. */
  readonly batchStatistics: SharedArrayBuffer;
}

/** A pass over one thread's part of a batch. */
export interface Request {
  readonly type: 'gradients' | 'statistics' | 'logits';
  readonly batch: Batch;
}

export type Reply =
  | { readonly type: 'gradients'; readonly loss: number; readonly correct: number }
  | { readonly type: 'statistics' }
  | { readonly type: 'logits'; readonly logits: Float32Array };
