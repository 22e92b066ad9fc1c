import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesignDocument } from '../design-document.js';

/** One binary layer on one test image: what goes in and what must come out. */
export interface GoldenVector {
  /** Position in the list of layers. */
  readonly layer: number;
  /** Number of the test image. */
  readonly image: number;
  /** First byte of its input bits in golden.bin: [height, width, channels], lowest bit first. */
  readonly bits: number;
  /** First byte of its accumulators in golden.bin: int16, little-endian, [height, width, channels]. */
  readonly accumulators: number;
}

/** What `network.json` tells of the network whose weights lie in `weights.bin`. */
export interface NetworkImage {
  readonly format: 1;
  /** What the engine subtracts from twice a match count, layer by layer. */
  readonly offsets: readonly number[];
  /** Halves of a word of weights.bin, little-endian; the word's place is each layer's weightBase. */
  readonly weightBanks: number;
  readonly activationBanks: number;
  readonly vectors: readonly GoldenVector[];
}

/** A deployment folder in memory. */
export interface Bundle {
  readonly design: DesignDocument;
  readonly network: NetworkImage;
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
