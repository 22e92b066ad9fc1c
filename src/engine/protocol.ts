import type { AugmentationMoment } from '../data/prepare.js';
import type { MapShape, NetworkShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import type { Activations } from '../nn/network.js';
import type { EngineName } from '../spec/types.js';

/** Labelled images in memory that all threads share. */
export interface SharedImages {
  readonly shape: MapShape;
  /** Uint8, [count, H, W, C]. */
  readonly pixels: SharedArrayBuffer;
  /** Uint8, [count]. */
  readonly labels: SharedArrayBuffer;
}

/** What a thread is started with. */
export interface WorkerSetup {
  readonly backend: EngineName;
  readonly shape: NetworkShape;
  readonly activations: Activations;
  readonly scaling: InputScaling;
  /** Share of every label that is spread over all classes while training, 0..1. */
  readonly labelSmoothing: number;
  readonly images: SharedImages;
  /** Float32, the flat parameter vector in the engine's form; read by every thread. */
  readonly parameters: SharedArrayBuffer;
  /** Float32, the flat statistics that inference normalises by; read by every thread. */
  readonly statistics: SharedArrayBuffer;
  /** Float32, this thread's gradients. */
  readonly gradients: SharedArrayBuffer;
  /** Float32, this thread's batch statistics. */
  readonly batchStatistics: SharedArrayBuffer;
}

export type Request =
  | {
      readonly type: 'gradients';
      readonly images: Uint32Array;
      readonly moment: AugmentationMoment;
    }
  | { readonly type: 'statistics'; readonly images: Uint32Array }
  | { readonly type: 'logits'; readonly images: Uint32Array };

export type Reply =
  | { readonly type: 'gradients'; readonly loss: number; readonly correct: number }
  | { readonly type: 'statistics' }
  | { readonly type: 'logits'; readonly logits: Float32Array };
