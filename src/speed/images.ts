import type { MapShape } from '../model/network.js';
import { stream } from '../util/random.js';

/** Random images in memory that threads share: speed does not depend on what they show. */
export interface RandomImages {
  /** Uint8, [slots, height, width, channels]. */
  readonly pixels: SharedArrayBuffer;
  readonly slots: Uint32Array;
}

export function randomPixels(bytes: number, seed: number): Uint8Array {
  const random = stream(seed, 'random images');
  return Uint8Array.from({ length: bytes }, () => random.below(256));
}

export function randomImages(
  { height, width, channels }: MapShape,
  count: number,
  seed: number,
): RandomImages {
  const bytes = height * width * channels * count;
  const pixels = new SharedArrayBuffer(bytes);
  new Uint8Array(pixels).set(randomPixels(bytes, seed));
  return { pixels, slots: Uint32Array.from({ length: count }, (_, image) => image) };
}
