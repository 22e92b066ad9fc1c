import { type Design, halvesPerWord, lanes, segmentColumns, weightWidth } from './design.js';

/** Shapes that a block RAM of the iCE40 can take: words x bits. */
const blockShapes = [
  { words: 256, bits: 16 },
  { words: 512, bits: 8 },
  { words: 1024, bits: 4 },
  { words: 2048, bits: 2 },
] as const;

/** Words of an SPRAM of the iCE40 UltraPlus; each has 16 bits. */
const spramWords = 16384;

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

export type MemoryName = 'subsets' | 'activations' | 'results' | 'weights' | 'frame';

/** Exactly what Yosys infers for a design: the test-suite holds the two together. */
export function memoryNeeds(design: Design): MemoryNeeds {
  const banks = halvesPerWord(design);
  const weightBanks = Array.from({ length: banks.weights }, (_, bank) =>
    Math.min(16, weightWidth(design) - 16 * bank),
  );
  const weightBlocks = weightBanks.map((bits) => blockRams(design.weightDepth, bits));
  return {
    blockRams: {
      subsets: design.tau === 9 ? 0 : lanes(design) * blockRams(2 ** design.tau, 9),
      activations: banks.activations * blockRams(design.activationDepth, segmentColumns(design)),
      results: blockRams(design.resultDepth, design.pixels * design.countBits),
      weights: design.weightHuge ? 0 : weightBlocks.reduce((sum, blocks) => sum + blocks, 0),
      frame: blockRams(256, 16),
    },
    sprams: design.weightHuge ? banks.weights * Math.ceil(design.weightDepth / spramWords) : 0,
  };
}

/** Block RAMs of all memories of a design. */
export function totalBlockRams({ blockRams }: MemoryNeeds): number {
  return Object.values(blockRams).reduce((sum, count) => sum + count, 0);
}
