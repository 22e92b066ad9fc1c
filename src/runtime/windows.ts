import type { ConvShape } from '../model/network.js';

/** Channels whose 3x3 windows share a 32-bit word, 9 bits each. */
export const channelsPerWord = 3;

/** The popcount kernel takes words by threes. */
const wordMultiple = 3;

/** Words that hold one position's windows of `channels` channels: a multiple of three. */
export function wordsFor(channels: number): number {
  return wordMultiple * Math.ceil(channels / (wordMultiple * channelsPerWord));
}

/**
 * Kernel or window codes of consecutive channels in words: channel c takes bits 9 (c mod 3) and up
 * of word c div 3; unused bits are 0.
 */
export function packCodes(codes: ArrayLike<number>, words: Int32Array, from: number): void {
  for (let c = 0; c < codes.length; c++) {
    words[from + Math.floor(c / channelsPerWord)] |= codes[c] << (9 * (c % channelsPerWord));
  }
}

/** Turns a map into the binary windows that a 3x3 convolution sees. */
export interface Windows {
  /** [output positions (filled up to a multiple of 4), words]. */
  readonly words: Int32Array;
  /** @param x int16 activations [height, width, Cin] */
  readonly fill: (x: Int16Array) => void;
}

/**
 * Prepares the windows of a convolution: bit 3 ky + kx of a code is 1 where the activation under the
 * tap reaches its channel's threshold. Taps outside of the map are 0.
 *
 * @param threshold int16, [Cin]
 */
export function prepareWindows(
  { stride, input, output }: ConvShape,
  threshold: Int16Array,
): Windows {
  const { height, width, channels } = input;
  const perPixel = wordsFor(channels);
  const spareWords = perPixel - Math.ceil(channels / channelsPerWord);
  const paddedRow = (width + 2) * perPixel;
  /** Activation bits at bits 0, 9 and 18 of a word; a border of zeros that is never written. */
  const bits = new Int32Array((height + 2) * paddedRow);
  const tripleRow = output.width * perPixel;
  /** Three neighbouring columns of `bits` in one word, for every padded row. */
  const triples = new Int32Array((height + 2) * tripleRow);
  const positions = output.height * output.width;
  const words = new Int32Array(4 * Math.ceil(positions / 4) * perPixel);

  const binarize = (x: Int16Array) => {
    let from = 0;
    for (let row = 1; row <= height; row++) {
      let to = row * paddedRow + perPixel;
      for (let column = 0; column < width; column++) {
        for (let c = 0; c < channels; c += channelsPerWord) {
          let word = x[from + c] >= threshold[c] ? 1 : 0;
          if (c + 1 < channels && x[from + c + 1] >= threshold[c + 1]) word |= 1 << 9;
          if (c + 2 < channels && x[from + c + 2] >= threshold[c + 2]) word |= 1 << 18;
          bits[to++] = word;
        }
        to += spareWords;
        from += channels;
      }
    }
  };

  const joinColumns = () => {
    for (let row = 1; row <= height; row++) {
      let to = row * tripleRow;
      for (let column = 0; column < output.width; column++) {
        const left = row * paddedRow + stride * column * perPixel;
        for (let at = left; at < left + perPixel; at++) {
          triples[to++] = bits[at] | (bits[at + perPixel] << 1) | (bits[at + 2 * perPixel] << 2);
        }
      }
    }
  };

  const joinRows = () => {
    let to = 0;
    for (let row = 0; row < output.height; row++) {
      const top = stride * row * tripleRow;
      for (let at = top; at < top + tripleRow; at++) {
        words[to++] =
          triples[at] | (triples[at + tripleRow] << 3) | (triples[at + 2 * tripleRow] << 6);
      }
    }
  };

  return {
    words,
    fill: (x) => {
      binarize(x);
      joinColumns();
      joinRows();
    },
  };
}
