import type { Batch } from '../data/source.js';
import type { TrainedNetwork } from '../model/trained.js';
import { engineForm } from '../nn/trained.js';
import { startWasmEngine } from './wasm.js';

/** A trained network in floating point, as the training engine computes it. */
export interface FloatClassifier {
  /** Images that a call should take at a time. */
  readonly batch: number;
  /** Logits of the images, [images, classes]. */
  logits(batch: Batch): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Starts a trained network on threads of its own. */
export function startFloatClassifier(network: TrainedNetwork, threads: number): FloatClassifier {
  const { shape, activations, input: scaling } = network;
  const engine = startWasmEngine({ shape, activations, scaling, threads });
  const { parameters, statistics } = engineForm(network);
  return {
    batch: engine.inferenceBatch,
    logits: (batch) => engine.logits(parameters, statistics, batch),
    close: () => engine.close(),
  };
}
