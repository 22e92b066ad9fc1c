import { type Design, lanes, segmentPixels } from './design.js';

/** Shapes that a block RAM of the iCE40 can take: words x bits. */
const blockShapes = [
  { words: 256, bits: 16 },
  { words: 512, bits: 8 },
  { words: 1024, bits: 4 },
  { words: 2048, bits: 2 },
] as const;

/** Words of an SPRAM of the iCE40 UltraPlus; each has 16 bits. */
export const spramWords = 16384;

/** Block RAMs that a memory of `words` words of `bits` bits takes: the best of the RAM's shapes. */
export function blockRams(words: number, bits: number): number {
  return Math.min(
    ...blockShapes.map((shape) => Math.ceil(words / shape.words) * Math.ceil(bits / shape.bits)),
  );
}

/** Block RAMs and SPRAMs of a design, memory by memory. */
export interface MemoryNeeds {
  readonly blockRams: Readonly<Record<MemoryName, number>>;
  readonly sprams: number;
}

export type MemoryName =
  | 'activations'
  | 'subsets'
  | 'constants'
  | 'vectors'
  | 'places'
  | 'frame'
  | 'weights'
  | 'maps';

/** Exactly what Yosys infers for a design: the test-suite holds the two together. */
export function memoryNeeds(design: Design): MemoryNeeds {
  const { activationDepth, inputs, weightDepth, mapDepth, tau, huge } = design;
  const bits = (depth: number) => Math.ceil(Math.log2(depth));
  const inputBits = inputs > 1 ? bits(inputs) : 1;
  const columns = segmentPixels(design) + 2;
  const words = { weights: weightDepth, maps: mapDepth };
  return {
    blockRams: {
      // Bits are written one by one, which a block RAM can do where its words have 16 bits.
      activations: 3 * inputs * Math.ceil(activationDepth / 256) * Math.ceil(columns / 16),
      subsets: tau === 9 ? 0 : lanes(design) * blockRams(2 ** tau, 9),
      constants: 6,
      vectors: blockRams(512, 16),
      places:
        2 * blockRams(16, bits(mapDepth)) + blockRams(16, bits(activationDepth) + inputBits + 9),
      frame: blockRams(256, 16),
      weights: huge ? 0 : 2 * blockRams(words.weights, 16),
      maps: huge ? 0 : 2 * blockRams(words.maps, 16),
    },
    sprams: huge
      ? 2 * Math.ceil(words.weights / spramWords) + 2 * Math.ceil(words.maps / spramWords)
      : 0,
  };
}

/** Block RAMs of all memories of a design. */
export function totalBlockRams({ blockRams }: MemoryNeeds): number {
  return Object.values(blockRams).reduce((sum, count) => sum + count, 0);
}
