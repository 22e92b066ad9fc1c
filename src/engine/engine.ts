import type { Batch } from '../data/source.js';
import type { NetworkShape } from '../model/network.js';
import type { Activations, InputScaling, TrainedNetwork } from '../model/trained.js';
import type { Lesson } from '../nn/loss.js';

/** What one training step's passes found, over all threads. */
export interface GradientResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Images classified right. */
  readonly correct: number;
  /** Flat vector; at a latent: the gradient of its quantised weight, [3, 3, Cin, Cout]. */
  readonly gradients: Float32Array;
  /** Flat batch-norm statistics, averaged over the threads' shards and rounds. */
  readonly statistics: Float32Array;
}

/**
 * Computes a network's passes over batches of images. `parameters` are flat vectors in the engine's form:
 * every latent replaced by its quantised weights. Calls follow one another, never overlap; behind a
 * thread's failure, or when closed, every call rejects.
 */
export interface Engine {
  /** Images that a pass without gradients should take at a time. */
  readonly inferenceBatch: number;
  gradients(parameters: Float32Array, batch: Batch): Promise<GradientResult>;
  /** Batch-norm statistics of one batch a thread, forward only. */
  statistics(parameters: Float32Array, batch: Batch): Promise<Float32Array>;
  /** Logits [images, classes] in inference form. */
  logits(parameters: Float32Array, statistics: Float32Array, batch: Batch): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A trained network whose logits are part of the loss: see nn/loss. */
export interface Distillation extends Pick<Lesson, 'weight' | 'temperature'> {
  readonly teacher: TrainedNetwork;
}

/** What an engine is started with, whichever it is. */
export interface EngineSetup {
  readonly shape: NetworkShape;
  readonly activations: Activations;
  readonly scaling: InputScaling;
  readonly threads: number;
  /** Share of every label that is spread over all classes while training, 0..1; none if left out. */
  readonly labelSmoothing?: number;
  /** From whom the network learns; from the labels alone if left out. */
  readonly distillation?: Distillation;
}
