import type { Design } from '../design.js';
import { mostHalves } from './frame.js';
import type { Request } from './link.js';

/** Version of the protocol that this driver speaks. */
export const protocolVersion = 2;

const codes = { describe: 1, write: 2, run: 3, read: 4 } as const;

/** Memories that are written over the link, by their number. */
const spaces = { weights: 0, maps: 1 } as const;

/** What an accelerator tells of itself. */
export type Description = { readonly protocol: number } & Omit<Design, 'huge'>;

/** The accelerator at the far end of a link. */
export interface Accelerator {
  readonly describe: () => Promise<Description>;
  /** Writes the words of the weight memory, low halves first, from word 0 on. */
  readonly loadNetwork: (halves: Uint16Array) => Promise<void>;
  /** Writes an image into map memory 0; see `imageWords`. */
  readonly loadImage: (words: Uint16Array) => Promise<void>;
  /** Runs the steps 0 to `lastStep` on the image; resolves to their cycles. The image is used up. */
  readonly run: (lastStep: number) => Promise<number>;
  /** Reads words of the map memories; see `mapAddress`. */
  readonly readMap: (address: number, words: number) => Promise<Int16Array>;
}

/** Drives an accelerator by requests. */
export function accelerator(request: Request): Accelerator {
  const write = async (space: number, halvesPerWord: number, halves: Uint16Array) => {
    const wordsPerFrame = Math.floor((mostHalves - 2) / halvesPerWord);
    const words = halves.length / halvesPerWord;
    for (let word = 0; word < words; word += wordsPerFrame) {
      const part = halves.subarray(word * halvesPerWord, (word + wordsPerFrame) * halvesPerWord);
      await request(codes.write, [space, word, ...part]);
    }
  };
  return {
    describe: async () => {
      const [protocol, pixels, outputs, inputs, tau, countBits, ...depths] = await request(
        codes.describe,
      );
      const [activationDepth, weightDepth, mapDepth] = depths;
      return {
        ...{ protocol, pixels, outputs, inputs, tau, countBits },
        ...{ activationDepth, weightDepth, mapDepth },
      };
    },
    loadNetwork: (halves) => write(spaces.weights, 2, halves),
    loadImage: (words) => write(spaces.maps, 1, words),
    run: async (lastStep) => {
      const [low, high] = await request(codes.run, [lastStep]);
      return high * 2 ** 16 + low;
    },
    readMap: async (address, words) => {
      const map = new Int16Array(words);
      for (let word = 0; word < words; word += mostHalves) {
        const count = Math.min(mostHalves, words - word);
        map.set(await request(codes.read, [address + word, count]), word);
      }
      return map;
    },
  };
}
