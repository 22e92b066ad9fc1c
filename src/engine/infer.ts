import type { ImageSet } from '../data/load.js';
import type { TrainedNetwork } from '../model/trained.js';
import { inferAll } from '../nn/train.js';
import { engineForm } from '../nn/trained.js';
import { startWasmEngine } from './wasm.js';

/**
 * Logits of a trained network in floating point, as the training engine computes them.
 *
 * @param images uint8, [count, H, W, C]
 * @returns [count, classes]
 */
export async function floatLogits(
  network: TrainedNetwork,
  images: Uint8Array,
  count: number,
  { threads, signal }: { readonly threads: number; readonly signal: AbortSignal },
): Promise<Float32Array> {
  const { shape, input: scaling } = network;
  const set: ImageSet = {
    shape: shape.input,
    count,
    pixels: images,
    labels: new Uint8Array(count),
  };
  const engine = startWasmEngine({ shape, activations: 'binary', scaling, images: set, threads });
  try {
    const { parameters, statistics } = engineForm(network);
    return await inferAll(engine, parameters, statistics, count, signal);
  } finally {
    await engine.close();
  }
}
