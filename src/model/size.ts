import { sum } from '../util/sum.js';
import type { FileLayout } from './container/read.js';
import { inputConstants, type PackedModel } from './packed.js';

/** Bits that a packed model takes, by part, and what it would take otherwise. All counted. */
export interface ModelSize {
  /** Binary 3x3 weights that the indices stand for. */
  readonly binaryWeights: number;
  /** tau bits for each (input, output) pair. */
  readonly indexBits: number;
  /** 9 bits for each stored member: none at tau 9, half of them in an antipodal subset. */
  readonly subsetBits: number;
  /** 16-bit weights of the stem, 8-bit ones of shortcuts and classifier. */
  readonly realBits: number;
  /** Requantisers, thresholds, slopes, shifts and biases. */
  readonly constantBits: number;
  /** All of the above. */
  readonly totalBits: number;
  /** The same network with 1-bit kernels (tau 9) and all else equal. */
  readonly oneBitTotal: number;
  /** The same network as trained: every weight and channel parameter a float32. */
  readonly floatTotal: number;
}

const oneBitKernel = 9;
const floatBits = 32;
/** preShift and shift; multiplier and bias. */
const requantizerBits = { layer: 16, channel: 48 };

/** 9-bit members that a file stores for one binary convolution. */
export function storedMembers(conv: {
  readonly tau: number;
  readonly structure: 'free' | 'antipodal';
}): number {
  if (conv.tau === 9) return 0;
  return conv.structure === 'antipodal' ? 2 ** (conv.tau - 1) : 2 ** conv.tau;
}

/** Bits that a file takes for its binary weights: indices as they are coded, and subsets. */
export function storedBits({ sections }: FileLayout): number {
  return 8 * (sections.INDX + sections.SUBS);
}

/** What a model's numbers take in a file, without its header, names, coding and padding of bits to bytes. */
export function modelSize(model: PackedModel): ModelSize {
  const { stem, blocks, classifier, inputZero } = model;
  const pairs = sum(blocks.map(({ conv }) => conv.indices.length));
  const indexBits = sum(blocks.map(({ conv }) => conv.indices.length * conv.tau));
  const subsetBits = sum(blocks.map(({ conv }) => storedMembers(conv) * oneBitKernel));

  const shortcuts = blocks.flatMap(({ shortcut }) => shortcut ?? []);
  const matrices = [stem, ...shortcuts, classifier].map(({ weight }) => weight);
  const realWeights = sum(matrices.map((weight) => weight.length));
  const requantizers = [
    ...[stem, ...shortcuts].map(({ requantizer }) => requantizer),
    ...blocks.map(({ requantizer }) => requantizer),
  ];
  const requantizedChannels = sum(requantizers.map(({ bias }) => bias.length));
  const blockConstants = sum(
    blocks.map(
      ({ input, slope, shiftOut }) => inputConstants(input).length + slope.length + shiftOut.length,
    ),
  );
  const constantBits =
    requantizers.length * requantizerBits.layer +
    requantizedChannels * requantizerBits.channel +
    blockConstants * 16 +
    classifier.bias.length * 32 +
    64 +
    inputZero.length * 8;

  const realBits = sum(matrices.map((weight) => weight.byteLength * 8));
  const rest = realBits + constantBits;
  const midShifts = sum(blocks.map(({ slope }) => slope.length));
  const floatParameters =
    pairs * oneBitKernel +
    realWeights +
    4 * requantizedChannels +
    blockConstants +
    midShifts +
    classifier.bias.length;
  return {
    binaryWeights: pairs * oneBitKernel,
    indexBits,
    subsetBits,
    realBits,
    constantBits,
    totalBits: indexBits + subsetBits + rest,
    oneBitTotal: pairs * oneBitKernel + rest,
    floatTotal: floatParameters * floatBits,
  };
}
