import type { MapShape } from '../model/network.js';

export type Split = 'train' | 'test';

/** Labelled images in memory. */
export interface ImageSet {
  readonly shape: MapShape;
  readonly count: number;
  /** [count, height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
  /** Class of each image. */
  readonly labels: Uint16Array;
}
