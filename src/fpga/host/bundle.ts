import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesignDocument } from '../design-document.js';
import type { StepMap } from './maps.js';

/** One test image: what goes in and every map that must come out. */
export interface GoldenVector {
  /** Number of the test image. */
  readonly image: number;
  /** First byte of its pixels in golden.bin: [height, width, channels]. */
  readonly pixels: number;
  /** First byte of the map of each step in golden.bin: words of 16 bits, low byte first; null: none. */
  readonly maps: readonly (number | null)[];
}

/** What `network.json` tells of the network whose weights lie in `weights.bin`. */
export interface NetworkDocument {
  readonly format: 2;
  /** Bytes of an image. */
  readonly imageBytes: number;
  readonly classes: readonly string[];
  /** The map of each step; the last are the logits. */
  readonly steps: readonly StepMap[];
  readonly vectors: readonly GoldenVector[];
}

/** A deployment folder in memory. */
export interface Bundle {
  readonly design: DesignDocument;
  readonly network: NetworkDocument;
  /** Halves of the weight memory's words, low half first. */
  readonly weights: Uint16Array;
  readonly golden: Uint8Array;
}

/** Reads `design.json`, `network.json`, `weights.bin` and `golden.bin` of a deployment folder. */
export async function readBundle(folder: string): Promise<Bundle> {
  const file = (name: string) => readFile(join(folder, name));
  const weights = await file('weights.bin');
  return {
    design: JSON.parse(String(await file('design.json'))),
    network: JSON.parse(String(await file('network.json'))),
    weights: Uint16Array.from({ length: weights.length / 2 }, (_, i) =>
      weights.readUInt16LE(2 * i),
    ),
    golden: await file('golden.bin'),
  };
}
