import type { Design } from '../design.js';
import { mostHalves } from './frame.js';
import type { Request } from './link.js';

/** Version of the protocol that this driver speaks. */
export const protocolVersion = 1;

const codes = { describe: 1, write: 2, run: 3, read: 4 } as const;

/** Memories that are written over the link, by their number. */
export const spaces = { activations: 0, weights: 1 } as const;

/** What an accelerator tells of itself. */
export type Description = { readonly protocol: number } & Omit<Design, 'weightHuge'>;

/** The accelerator at the far end of a link. */
export interface Accelerator {
  readonly describe: () => Promise<Description>;
  /** Writes whole words, `banks` halves each, from word `address` on. */
  readonly write: (
    space: (typeof spaces)[keyof typeof spaces],
    banks: number,
    address: number,
    halves: Uint16Array,
  ) => Promise<void>;
  /** Runs a layer by its eight registers; resolves to its cycles. */
  readonly run: (registers: Uint16Array) => Promise<number>;
  /** Reads accumulators, `pixels` a word, from result word 0 on. */
  readonly read: (words: number, pixels: number) => Promise<Int16Array>;
}

/** Drives an accelerator by requests. */
export function accelerator(request: Request): Accelerator {
  return {
    describe: async () => {
      const [protocol, pixels, outputs, inputs, tau, countBits, ...depths] = await request(
        codes.describe,
      );
      const [activationDepth, weightDepth, resultDepth] = depths;
      return {
        ...{ protocol, pixels, outputs, inputs, tau, countBits },
        ...{ activationDepth, weightDepth, resultDepth },
      };
    },
    write: async (space, banks, address, halves) => {
      const wordsPerFrame = Math.floor((mostHalves - 2) / banks);
      const words = halves.length / banks;
      for (let word = 0; word < words; word += wordsPerFrame) {
        const part = halves.subarray(word * banks, (word + wordsPerFrame) * banks);
        await request(codes.write, [space, address + word, ...part]);
      }
    },
    run: async (registers) => {
      const [low, high] = await request(codes.run, registers);
      return high * 2 ** 16 + low;
    },
    read: async (words, pixels) => {
      const results = new Int16Array(words * pixels);
      const wordsPerFrame = Math.floor(mostHalves / pixels);
      for (let word = 0; word < words; word += wordsPerFrame) {
        const count = Math.min(wordsPerFrame, words - word);
        results.set(await request(codes.read, [word, count]), word * pixels);
      }
      return results;
    },
  };
}
