import type { PackedBinaryConv } from '../model/packed.js';
import { channelsPerWord, packCodes, wordsFor } from './windows.js';

/**
 * A binary convolution made ready: reads windows (runtime/windows.ts), writes accumulators
 * [positions, Cout].
 */
export type BinaryKernel = (windows: Int32Array, accumulators: Int32Array) => void;

/** How a binary convolution is computed. */
export type KernelKind = 'popcount' | 'responses';

/**
 * The faster kernel for a layer. Responses pay where a channel has fewer of them than there are
 * outputs to pick one each: the rule under which sub-bit weights save operations at all.
 */
export function fasterKernel(tau: number, outputs: number): KernelKind {
  return 2 ** tau < outputs ? 'responses' : 'popcount';
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

/** Words of 27 bits whose set bits add up to less than 256. */
const wordsPerSum = 9;

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
          for (let i = start; i < end; i++) {
            let v = windows[window + i] ^ kernels[kernel + i];
            v -= (v >>> 1) & 0x55555555;
            v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
            bytes += (v + (v >>> 4)) & 0x0f0f0f0f;
          }
          differing += Math.imul(bytes, 0x01010101) >>> 24;
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
  const stored = antipodal ? members.length / 2 : members.length;
  const table = responseTable(members.subarray(0, stored));
  const responses = new Int32Array(members.length);
  /** Indices by input channel, [Cin, Cout]. */
  const picks = Uint16Array.from({ length: indices.length }, (_, i) => {
    return indices[(i % outputs) * inputs + Math.floor(i / outputs)];
  });
  /** Sums of up to 28 channels, a byte a position. */
  const sums = new Int32Array(outputs);
  /** Set bits that differ so far, [4, Cout]. */
  const differing = new Int32Array(4 * outputs);

  const respond = (windows: Int32Array, first: number, c: number) => {
    const at = first * words + Math.floor(c / channelsPerWord);
    const shift = 9 * (c % channelsPerWord);
    const row0 = ((windows[at] >>> shift) & 511) * stored;
    const row1 = ((windows[at + words] >>> shift) & 511) * stored;
    const row2 = ((windows[at + 2 * words] >>> shift) & 511) * stored;
    const row3 = ((windows[at + 3 * words] >>> shift) & 511) * stored;
    for (let k = 0; k < stored; k++) {
      responses[k] =
        table[row0 + k] |
        (table[row1 + k] << 8) |
        (table[row2 + k] << 16) |
        (table[row3 + k] << 24);
    }
    if (antipodal) {
      for (let k = 0; k < stored; k++) responses[stored + k] = 0x09090909 - responses[k];
    }
  };

  const flush = () => {
    for (let o = 0; o < outputs; o++) {
      const sum = sums[o];
      differing[o] += sum & 255;
      differing[outputs + o] += (sum >>> 8) & 255;
      differing[2 * outputs + o] += (sum >>> 16) & 255;
      differing[3 * outputs + o] += sum >>> 24;
    }
    sums.fill(0);
  };

  return (windows, accumulators) => {
    for (let first = 0; first < positions; first += 4) {
      differing.fill(0);
      for (let c = 0; c < inputs; c++) {
        if (c > 0 && c % channelsPerSum === 0) flush();
        respond(windows, first, c);
        const pick = c * outputs;
        for (let o = 0; o < outputs; o++) sums[o] += responses[picks[pick + o]];
      }
      flush();
      const end = Math.min(4, positions - first) * outputs;
      const to = first * outputs;
      for (let i = 0; i < end; i++) accumulators[to + i] = 9 * inputs - 2 * differing[i];
    }
  };
}
