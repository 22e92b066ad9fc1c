import { type Design, halvesPerWord } from './design.js';
import { mostHalves } from './host/frame.js';
import type { LayerPlan } from './plan.js';

const frameBytes = (halves: number) => 6 + 2 * halves;

/** Bytes of requests and answers that move `words` words of `banks` halves, behind `head` halves. */
function transferBytes(words: number, banks: number, head: number, answer: (n: number) => number) {
  const wordsPerFrame = Math.floor((mostHalves - head) / banks);
  let bytes = 0;
  for (let word = 0; word < words; word += wordsPerFrame) {
    bytes += answer(Math.min(wordsPerFrame, words - word) * banks);
  }
  return bytes;
}

/**
 * Bytes that cross the link for all binary layers of one image, both ways: activations in, run
 * requests, accumulators out. Weights are loaded once, not with every image.
 */
export function linkBytes(plans: readonly LayerPlan[], design: Design): number {
  const { activations } = halvesPerWord(design);
  let bytes = 0;
  for (const plan of plans) {
    for (const { rows } of plan.passes) {
      const words = rows * plan.activationWordsPerRow;
      bytes += transferBytes(words, activations, 2, (n) => frameBytes(2 + n) + frameBytes(0));
      bytes += frameBytes(8) + frameBytes(2);
      const results = rows * plan.resultWordsPerRow;
      bytes += transferBytes(results, design.pixels, 0, (n) => frameBytes(2) + frameBytes(n));
    }
  }
  return bytes;
}

/** Seconds that these bytes take on the wire: ten bits a byte (start, eight data, stop). */
export function linkSeconds(bytes: number, baud: number): number {
  return (bytes * 10) / baud;
}
