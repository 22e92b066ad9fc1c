import type { PackedBinaryConv } from '../model/packed.js';
import { stripOf, type VectorBytes } from './binary-conv.js';
import type { Constants } from './constants.js';

/** Offsets and counts of a binary convolution's constants, as kernels/conv.h names them. */
export interface ConvWeights {
  readonly responses: number;
  readonly antipodal: boolean;
  readonly chunk: number;
  readonly chunks: number;
  readonly tables: number;
  readonly weights: number;
  readonly biases: number;
}

/** A convolution's channels, and how many a stored map holds: filled up to whole vectors. */
export interface ConvChannels {
  readonly inputs: number;
  readonly outputs: number;
  readonly storedInputs: number;
  readonly storedOutputs: number;
}

/** Channels whose responses, 0..9 each, add up to less than 256. */
export const channelsPerByte = 28;

/** Look-ups of at most 4 bits each that add up to less than 256. */
const nibblesPerByte = 63;

/** Words of 32 bits that byte-wise counts of set bits can take: 8 a byte and word. */
const wordsPerByte = 31;

/** Bytes of planes that stay in the first-level cache beside sums and indices. */
export const planeBytes = 32 * 1024;

function popcount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/** Members whose responses are computed: an antipodal subset's second half comes from its first. */
export function computedResponses({
  tau,
  structure,
}: Pick<PackedBinaryConv, 'tau' | 'structure'>): number {
  return structure === 'antipodal' ? 2 ** (tau - 1) : 2 ** tau;
}

/** Bits that differ between two patterns of four, [16, 16]. */
function nibbleTable(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => popcount((i >> 4) ^ (i & 15)));
}

/** Units between two visits of the byte sums, and visits until these are full. */
function chunksOf(planes: number, vector: VectorBytes): { chunk: number; chunks: number } {
  const fitting = Math.max(1, Math.floor(planeBytes / (planes * stripOf(vector))));
  const chunks = Math.ceil(channelsPerByte / Math.min(channelsPerByte, fitting));
  return { chunk: Math.floor(channelsPerByte / chunks), chunks };
}

/** What a pick counts planes in: kernels/planes.h. */
function pickScale(planes: number, vector: VectorBytes): number {
  const scale = stripOf(vector) / 8;
  return planes * scale <= 256 ? scale : 1;
}

/** The byte of a vector of look-ups that an output has: kernels/conv.h, add_wide. */
function byteOf(output: number, vector: number): number {
  const [first, lane] = [output - (output % vector), output % vector];
  return first + ((2 * lane) % vector) + (2 * lane >= vector ? 1 : 0);
}

/** Indices [chunk][output][channel of the chunk], `parts` bytes each, as `write` gives them. */
export function chunkedPicks(
  { inputs, outputs }: ConvChannels,
  chunk: number,
  parts: number,
  write: (picks: Uint8Array, at: number, pair: number) => void,
): Uint8Array {
  const picks = new Uint8Array(inputs * outputs * parts);
  let at = 0;
  for (let from = 0; from < inputs; from += chunk) {
    const end = Math.min(inputs, from + chunk);
    for (let o = 0; o < outputs; o++) {
      for (let c = from; c < end; c++, at += parts) write(picks, at, o * inputs + c);
    }
  }
  return picks;
}

/**
 * Response planes: tables of pairs of responses, and the plane of every index, or its offset where a
 * vector of all planes fills the range of a byte.
 */
export function planeWeights(
  conv: PackedBinaryConv,
  channels: ConvChannels,
  vector: VectorBytes,
  constants: Constants,
): ConvWeights {
  const computed = computedResponses(conv);
  const responses = 2 * Math.ceil(computed / 2);
  const antipodal = conv.structure === 'antipodal';
  const tables = new Uint8Array(24 * responses);
  for (let k = 0; k < responses; k += 2) {
    const [a, b] = [conv.members[k], conv.members[Math.min(k + 1, computed - 1)]];
    const pair = (of: (member: number) => number) => of(a) | (of(b) << 4);
    for (let i = 0; i < 16; i++) {
      tables[24 * k + i] = pair((member) => popcount(i ^ (member & 15)));
      tables[24 * k + 16 + i] = pair((member) => popcount(i ^ ((member >> 4) & 15)));
      tables[24 * k + 32 + i] = pair((member) => member >> 8);
    }
  }
  const planes = antipodal ? 2 * responses : responses;
  const { chunk, chunks } = chunksOf(planes, vector);
  const scale = pickScale(planes, vector);
  const picks = chunkedPicks(channels, chunk, 1, (bytes, at, pair) => {
    const index = conv.indices[pair];
    bytes[at] = scale * (index < computed ? index : responses + index - computed);
  });
  const [at, weights] = [constants.add(tables), constants.add(picks)];
  return { responses, antipodal, chunk, chunks, tables: at, weights, biases: 0 };
}

/** 1 bit by planes: the plane of the first four taps and that of the last five. */
export function splitPlaneWeights(
  { members, indices }: PackedBinaryConv,
  channels: ConvChannels,
  vector: VectorBytes,
  constants: Constants,
): ConvWeights {
  const { chunk, chunks } = chunksOf(48, vector);
  const scale = pickScale(32, vector);
  const picks = chunkedPicks(channels, chunk, 2, (bytes, at, pair) => {
    const code = members[indices[pair]];
    bytes[at] = scale * (code & 15);
    bytes[at + 1] = scale * (code >> 4);
  });
  const [tables, weights] = [constants.add(nibbleTable()), constants.add(picks)];
  return { responses: 0, antipodal: false, chunk, chunks, tables, weights, biases: 0 };
}

/** Table look-up over outputs: a row of responses for every window, and indices [Cin, Cout]. */
export function lookupWeights(
  conv: PackedBinaryConv,
  { inputs, outputs, storedOutputs }: ConvChannels,
  vector: VectorBytes,
  constants: Constants,
): ConvWeights {
  const responses = computedResponses(conv);
  const antipodal = conv.structure === 'antipodal';
  const row = responses > 16 ? 32 : 16;
  const tables = new Uint8Array(512 * row);
  for (let window = 0; window < 512; window++) {
    for (let k = 0; k < responses; k++) {
      tables[window * row + k] = popcount(window ^ conv.members[k]);
    }
  }
  const chunk = channelsPerByte;
  const indices = new Uint8Array(inputs * storedOutputs);
  const biases = new Uint8Array(Math.ceil(inputs / chunk) * storedOutputs);
  for (let o = 0; o < outputs; o++) {
    const at = byteOf(o, vector);
    for (let c = 0; c < inputs; c++) {
      const index = conv.indices[o * inputs + c];
      if (!antipodal) {
        indices[c * storedOutputs + at] = index < 16 ? index : 128 | (index - 16);
      } else if (index < responses) {
        indices[c * storedOutputs + at] = index;
      } else {
        indices[c * storedOutputs + at] = 64 | (index - responses);
        biases[Math.floor(c / chunk) * storedOutputs + at] += 10;
      }
    }
  }
  return {
    responses,
    antipodal,

    chunk,
    chunks: 1,
    tables: constants.add(tables),
    weights: constants.add(indices),
    biases: constants.add(biases),
  };
}

/** 1 bit by look-up: four channels under a tap at a time, [9, Cin / 4, Cout]. */
export function nibbleWeights(
  { members, indices }: PackedBinaryConv,
  { inputs, outputs, storedInputs, storedOutputs }: ConvChannels,
  vector: VectorBytes,
  constants: Constants,
): ConvWeights {
  const perTap = storedInputs / 4;
  const nibbles = new Uint8Array(9 * perTap * storedOutputs);
  for (let o = 0; o < outputs; o++) {
    const at = byteOf(o, vector);
    for (let c = 0; c < inputs; c++) {
      const code = members[indices[o * inputs + c]];
      for (let tap = 0; tap < 9; tap++) {
        const unit = tap * perTap + Math.floor(c / 4);
        nibbles[unit * storedOutputs + at] |= ((code >> tap) & 1) << (c % 4);
      }
    }
  }
  const [tables, weights] = [constants.add(nibbleTable()), constants.add(nibbles)];
  const chunk = nibblesPerByte;
  return { responses: 0, antipodal: false, chunk, chunks: 1, tables, weights, biases: 0 };
}

/** 1 bit by popcount: 32 channels under a tap in a word, [9, Cin / 32, Cout]. */
export function popcountWeights(
  { members, indices }: PackedBinaryConv,
  { inputs, outputs, storedInputs, storedOutputs }: ConvChannels,
  constants: Constants,
): ConvWeights {
  const perTap = Math.ceil(storedInputs / 32);
  const words = new Uint32Array(9 * perTap * storedOutputs);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      const code = members[indices[o * inputs + c]];
      for (let tap = 0; tap < 9; tap++) {
        const unit = tap * perTap + Math.floor(c / 32);
        words[unit * storedOutputs + o] |= ((code >> tap) & 1) << (c % 32);
      }
    }
  }
  const weights = constants.add(words);
  const chunk = wordsPerByte;
  return { responses: 0, antipodal: false, chunk, chunks: 1, tables: 0, weights, biases: 0 };
}

/** Sums of all weights of an output under each tap, [9, Cout]: what zero padding takes out. */
export function tapSums(
  { members, indices }: PackedBinaryConv,
  { inputs, outputs, storedOutputs }: ConvChannels,
): Int32Array {
  const sums = new Int32Array(9 * storedOutputs);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      const code = members[indices[o * inputs + c]];
      for (let tap = 0; tap < 9; tap++) {
        sums[tap * storedOutputs + o] += (code >> tap) & 1 ? 1 : -1;
      }
    }
  }
  return sums;
}
