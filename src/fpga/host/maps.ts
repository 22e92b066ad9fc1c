import type { MapShape } from '../../model/network.js';

/** A map that the accelerator leaves in a map memory, by the step that makes it. */
export interface StepMap {
  /** As the reference names it (model/trace.ts). */
  readonly name: string;
  readonly shape: MapShape;
  /** 2 for logits, of which each takes two words: the low half first. */
  readonly wordsPerValue: 1 | 2;
}

/** Bit of an address that picks map memory 1. */
const oddMemory = 0x8000;

/** Address of the first word of the map of step `step`: the two map memories take turns. */
export function mapAddress(step: number): number {
  return step % 2 === 0 ? oddMemory : 0;
}

/** Words that a map takes. */
export function mapWords({ shape, wordsPerValue }: StepMap): number {
  return shape.height * shape.width * shape.channels * wordsPerValue;
}

/** The values of a map, [height, width, channels], by its words. */
export function mapValues({ wordsPerValue }: StepMap, words: Int16Array): Int32Array {
  if (wordsPerValue === 1) return Int32Array.from(words);
  return Int32Array.from(
    { length: words.length / 2 },
    (_, i) => (words[2 * i] & 0xffff) | (words[2 * i + 1] << 16),
  );
}

/**
 * The words of an image as map memory 0 holds it: two pixels a word, the first in the low byte.
 *
 * @param pixels [height, width, channels]
 */
export function imageWords(pixels: Uint8Array): Uint16Array {
  return Uint16Array.from(
    { length: Math.ceil(pixels.length / 2) },
    (_, i) => pixels[2 * i] | ((pixels[2 * i + 1] ?? 0) << 8),
  );
}
