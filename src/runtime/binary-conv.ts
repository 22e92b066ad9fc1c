import type { PackedBinaryConv } from '../model/packed.js';
import { channelsPerWord, packCodes, wordsFor } from './windows.js';

/**
 * A binary convolution made ready: reads windows (runtime/windows.ts), writes accumulators
 * [positions, Cout].
 */
export type BinaryKernel = (windows: Int32Array, accumulators: Int32Array) => void;

/** How a binary convolution is computed. */
export type KernelKind = 'popcount' | 'responses';

/** Responses to compute for each channel: the second half of an antipodal subset comes for free. */
function computedResponses({
  tau,
  structure,
}: Pick<PackedBinaryConv, 'tau' | 'structure'>): number {
  return structure === 'antipodal' ? 2 ** (tau - 1) : 2 ** tau;
}

/** Outputs a computed response must serve before reuse is faster; measured on x86-64, Node 20. */
const outputsPerResponse = 8;

/** The faster kernel for a layer. */
export function fasterKernel(
  conv: Pick<PackedBinaryConv, 'tau' | 'structure'>,
  outputs: number,
): KernelKind {
  return outputsPerResponse * computedResponses(conv) <= outputs ? 'responses' : 'popcount';
}

/** The kernel of the given kind for a convolution of `positions` output positions. */
export function prepareKernel(
  kind: KernelKind,
  conv: PackedBinaryConv,
  outputs: number,
  positions: number,
): BinaryKernel {
  return kind === 'popcount'
    ? popcountKernel(conv, outputs, positions)
    : responseKernel(conv, outputs, positions);
}

/** Words, taken by threes, for which counts of set bits per byte stay below 256. */
const wordsPerSum = 30;

/** Set bits of three words together, counted byte by byte: a full adder first, then halves of it. */
function bitsOfThree(a: number, b: number, c: number): number {
  const ones = a ^ b ^ c;
  const twos = (a & b) | (c & (a ^ b));
  const pairs = ones - ((ones >>> 1) & 0x55555555);
  const pairsOfTwo = twos - ((twos >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  const nibblesOfTwo = (pairsOfTwo & 0x33333333) + ((pairsOfTwo >>> 2) & 0x33333333);
  const both = nibbles + 2 * nibblesOfTwo;
  return (both & 0x0f0f0f0f) + ((both >>> 4) & 0x0f0f0f0f);
}

/** acc = 9 Cin - 2 popcount(window xor kernel), three channels a word. */
function popcountKernel(conv: PackedBinaryConv, outputs: number, positions: number): BinaryKernel {
  const { members, indices } = conv;
  const inputs = indices.length / outputs;
  const words = wordsFor(inputs);
  const kernels = new Int32Array(outputs * words);
  for (let o = 0; o < outputs; o++) {
    const row = indices.subarray(o * inputs, (o + 1) * inputs);
    packCodes(
      row.map((index) => members[index]),
      kernels,
      o * words,
    );
  }

  return (windows, accumulators) => {
    let to = 0;
    for (let position = 0; position < positions; position++) {
      const window = position * words;
      for (let o = 0; o < outputs; o++) {
        const kernel = o * words;
        let differing = 0;
        for (let start = 0; start < words; start += wordsPerSum) {
          const end = Math.min(words, start + wordsPerSum);
          let bytes = 0;
          for (let i = start; i < end; i += 3) {
            bytes += bitsOfThree(
              windows[window + i] ^ kernels[kernel + i],
              windows[window + i + 1] ^ kernels[kernel + i + 1],
              windows[window + i + 2] ^ kernels[kernel + i + 2],
            );
          }
          const halves = (bytes & 0x00ff00ff) + ((bytes >>> 8) & 0x00ff00ff);
          differing += (halves + (halves >>> 16)) & 0xffff;
        }
        accumulators[to++] = 9 * inputs - 2 * differing;
      }
    }
  };
}

/** Channels whose responses (0..9 each) add up to less than 256. */
const channelsPerSum = 28;

/** popcount(window xor member) for every window code and member, [512, members]. */
function responseTable(members: Uint16Array): Uint8Array {
  const table = new Uint8Array(512 * members.length);
  for (let window = 0; window < 512; window++) {
    members.forEach((member, k) => {
      let differing = 0;
      for (let bits = window ^ member; bits > 0; bits >>= 1) differing += bits & 1;
      table[window * members.length + k] = differing;
    });
  }
  return table;
}

/** Sum of the responses that `picks[from .. end)` name. */
function sumPicked(responses: Int32Array, picks: Uint16Array, from: number, end: number): number {
  let sum = 0;
  for (let i = from; i < end; i++) sum = (sum + responses[picks[i]]) | 0;
  return sum;
}

/**
 * Compute reuse: the responses of a channel to all members are looked up once for four positions,
 * one in each byte of a word, and every output adds the word that its index picks. The second half
 * of an antipodal subset is 9 minus the first.
 */
function responseKernel(conv: PackedBinaryConv, outputs: number, positions: number): BinaryKernel {
  const { members, indices, structure } = conv;
  const inputs = indices.length / outputs;
  const words = wordsFor(inputs);
  const antipodal = structure === 'antipodal';
  const stored = computedResponses(conv);
  const table = responseTable(members.subarray(0, stored));
  /** Of up to 28 channels, [channel, member]; four positions a word. */
  const responses = new Int32Array(channelsPerSum * members.length);
  /** Where each index finds its response, [Cout, Cin]. */
  const picks = indices.map((index, i) => {
    return ((i % inputs) % channelsPerSum) * members.length + index;
  });
  /** Set bits that differ so far, [4, Cout]. */
  const differing = new Int32Array(4 * outputs);

  const respond = (windows: Int32Array, first: number, c: number) => {
    const at = first * words + Math.floor(c / channelsPerWord);
    const shift = 9 * (c % channelsPerWord);
    const row0 = ((windows[at] >>> shift) & 511) * stored;
    const row1 = ((windows[at + words] >>> shift) & 511) * stored;
    const row2 = ((windows[at + 2 * words] >>> shift) & 511) * stored;
    const row3 = ((windows[at + 3 * words] >>> shift) & 511) * stored;
    const to = (c % channelsPerSum) * members.length;
    for (let k = 0; k < stored; k++) {
      const response =
        table[row0 + k] |
        (table[row1 + k] << 8) |
        (table[row2 + k] << 16) |
        (table[row3 + k] << 24);
      responses[to + k] = response;
      if (antipodal) responses[to + stored + k] = 0x09090909 - response;
    }
  };

  const pick = (start: number, end: number) => {
    for (let o = 0; o < outputs; o++) {
      const sum = sumPicked(responses, picks, o * inputs + start, o * inputs + end);
      differing[o] += sum & 255;
      differing[outputs + o] += (sum >>> 8) & 255;
      differing[2 * outputs + o] += (sum >>> 16) & 255;
      differing[3 * outputs + o] += sum >>> 24;
    }
  };

  return (windows, accumulators) => {
    for (let first = 0; first < positions; first += 4) {
      differing.fill(0);
      for (let start = 0; start < inputs; start += channelsPerSum) {
        const end = Math.min(inputs, start + channelsPerSum);
        for (let c = start; c < end; c++) respond(windows, first, c);
        pick(start, end);
      }
      const end = Math.min(4, positions - first) * outputs;
      const to = first * outputs;
      for (let i = 0; i < end; i++) accumulators[to + i] = 9 * inputs - 2 * differing[i];
    }
  };
}
