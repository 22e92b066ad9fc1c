import { lastMap, type MapShape, type NetworkShape } from './network.js';
import {
  inputConstants,
  type PackedBinaryConv,
  type PackedBlock,
  type PackedModel,
  type Requantizer,
  sightOf,
} from './packed.js';

/** Limits of docs/arithmetic.md. */
export const limits = {
  preShift: 15,
  shift: 24,
  /** Of round(acc, preShift) and of a multiplier. */
  factor: 32767,
  /** Of |bias| + 2^(shift-1). */
  bias: 2 ** 30,
  fractionBits: 14,
  imageSide: 1024,
  imageChannels: 16,
  channels: 4096,
  classes: 4096,
  mapValues: 2 ** 24,
  /** Positions of the last map, over which the global average runs. */
  positions: 2 ** 14,
} as const;

const int16Magnitude = 32768;
const int32Max = 2 ** 31 - 1;

/** Where a model breaks a rule and which. */
export interface Violation {
  /** `stem`, `stage0.block0`, `classifier`, ... */
  readonly where: string;
  readonly what: string;
}

/** Largest sum of magnitudes over the rows of a matrix, each magnitude weighed by `reach`. */
function largestRow(
  weight: Int8Array | Int16Array,
  rows: number,
  reach: (column: number) => number,
): number {
  const columns = weight.length / rows;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      sum += Math.abs(weight[row * columns + column]) * reach(column);
    }
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** Bound of the stem's accumulators over all images. */
export function stemBound(weight: Int16Array, outputs: number, zero: Uint8Array): number {
  return largestRow(weight, outputs, (column) => {
    const z = zero[column % zero.length];
    return Math.max(z, 255 - z);
  });
}

/** Bound of the accumulators of a matrix of bytes [rows, inputs] over int16 inputs. */
export function matrixBound(weight: Int8Array, rows: number): number {
  return largestRow(weight, rows, () => int16Magnitude);
}

/** Bound of the accumulators of a binary 3x3 convolution over binary activations. */
export function binaryBound(inputs: number): number {
  return 9 * inputs;
}

/** The smallest preShift for which round(acc, preShift) fits int16; above 15 where none does. */
export function preShiftFor(bound: number): number {
  let shift = 0;
  while (shift <= limits.preShift && Math.round(bound / 2 ** shift) > limits.factor) shift++;
  return shift;
}

/** @param bound of its accumulators; null where those beyond 16 bits saturate */
function requantizerProblem(
  requantizer: Requantizer,
  channels: number,
  bound: number | null,
): string | null {
  const { preShift, shift, multiplier, bias } = requantizer;
  if (multiplier.length !== channels || bias.length !== channels) {
    return `requantiser is not one of ${channels} channels`;
  }
  if (!Number.isInteger(preShift) || preShift < 0 || preShift > limits.preShift) {
    return `preShift ${preShift} is outside of 0..${limits.preShift}`;
  }
  if (!Number.isInteger(shift) || shift < 1 || shift > limits.shift) {
    return `shift ${shift} is outside of 1..${limits.shift}`;
  }
  if (bound !== null && Math.round(bound / 2 ** preShift) > limits.factor) {
    return `accumulators of up to ${bound} do not fit 16 bits after a preShift of ${preShift}`;
  }
  const wide = multiplier.findIndex((m) => Math.abs(m) > limits.factor);
  if (wide >= 0) return `multiplier ${multiplier[wide]} of channel ${wide} is out of range`;
  const half = 2 ** (shift - 1);
  const large = bias.findIndex((b) => Math.abs(b) + half > limits.bias);
  if (large >= 0) return `bias ${bias[large]} of channel ${large} is out of range`;
  return null;
}

function subsetProblem({ tau, structure, members }: PackedBinaryConv): string | null {
  if (!Number.isInteger(tau) || tau < 1 || tau > 9) return `tau ${tau} is outside of 1..9`;
  if (members.length !== 2 ** tau) return `${members.length} members instead of ${2 ** tau}`;
  if (structure === 'antipodal' && tau === 9) return 'a subset of all 512 kernels must be free';
  const half = members.length / 2;
  const [stored, limit] = structure === 'antipodal' ? [half, 256] : [members.length, 512];
  for (let i = 0; i < stored; i++) {
    if (members[i] >= limit) return `member ${i} is kernel ${members[i]}, not below ${limit}`;
    if (i > 0 && members[i] <= members[i - 1]) return `member ${i} is not in ascending order`;
    if (structure === 'antipodal' && members[half + i] !== 511 - members[i]) {
      return `member ${half + i} is not the complement of member ${i}`;
    }
  }
  return null;
}

function binaryConvProblem(conv: PackedBinaryConv, inputs: number, outputs: number): string | null {
  const problem = subsetProblem(conv);
  if (problem) return problem;
  if (conv.indices.length !== inputs * outputs) return 'indices do not match the shape';
  const wrong = conv.indices.findIndex((index) => index >= conv.members.length);
  return wrong >= 0 ? `index ${conv.indices[wrong]} names none of the 2^${conv.tau} members` : null;
}

function blockProblem(
  block: PackedBlock,
  inputs: number,
  outputs: number,
  downsample: boolean,
): string | null {
  if (inputConstants(block.input).length !== inputs) {
    return 'thresholds or shifts of the input do not match the shape';
  }
  if (block.slope.length !== outputs || block.shiftOut.length !== outputs) {
    return 'slopes or shifts do not match the shape';
  }
  if ((block.shortcut !== null) !== downsample) return 'shortcut does not match the shape';
  const bound = block.input.activations === 'binary' ? binaryBound(inputs) : null;
  const problem =
    binaryConvProblem(block.conv, inputs, outputs) ??
    requantizerProblem(block.requantizer, outputs, bound);
  if (problem || !block.shortcut) return problem;
  const { weight, requantizer } = block.shortcut;
  if (weight.length !== inputs * outputs) return 'shortcut weights do not match the shape';
  const shortcut = requantizerProblem(requantizer, outputs, matrixBound(weight, outputs));
  return shortcut && `shortcut: ${shortcut}`;
}

function within(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= limit;
}

/** Where a network is larger than the arithmetic is proven for, or null. */
export function shapeViolation(shape: NetworkShape): Violation | null {
  const { input, stem, blocks, classifier } = shape;
  if (!within(input.height, limits.imageSide) || !within(input.width, limits.imageSide)) {
    return { where: 'image', what: `sides must be 1..${limits.imageSide}` };
  }
  if (!within(input.channels, limits.imageChannels)) {
    return { where: 'image', what: `channels must be 1..${limits.imageChannels}` };
  }
  if (!within(classifier.classes, limits.classes)) {
    return { where: 'classifier', what: `classes must be 1..${limits.classes}` };
  }
  const maps: [string, MapShape][] = [
    ['stem', stem.conv.output],
    ...blocks.map(({ name, conv }): [string, MapShape] => [name, conv.output]),
  ];
  for (const [where, { height, width, channels }] of maps) {
    if (!within(channels, limits.channels)) {
      return { where, what: `channels must be 1..${limits.channels}` };
    }
    if (height * width * channels > limits.mapValues) {
      return { where, what: `a map of ${height} x ${width} x ${channels} values is too large` };
    }
  }
  const last = lastMap(shape);
  return last.height * last.width > limits.positions
    ? { where: 'classifier', what: `cannot average over more than ${limits.positions} positions` }
    : null;
}

function classifierProblem(model: PackedModel): string | null {
  const { weight, bias, scale } = model.classifier;
  const { classes, inputs } = model.shape.classifier;
  if (bias.length !== classes || weight.length !== classes * inputs) {
    return 'weights do not match the shape';
  }
  if (!(scale > 0 && Number.isFinite(scale))) return `scale ${scale} is not a positive number`;
  for (let k = 0; k < classes; k++) {
    const row = weight.subarray(k * inputs, (k + 1) * inputs);
    if (matrixBound(row, 1) + Math.abs(bias[k]) > int32Max) {
      return `the logit of class ${k} may not fit 32 bits`;
    }
  }
  return null;
}

/**
 * The first rule of docs/arithmetic.md that a model breaks, or null: then it computes within the
 * widths stated there on every image.
 */
export function modelViolation(model: PackedModel): Violation | null {
  const { shape, stem, blocks, inputZero, fractionBits } = model;
  const tooLarge = shapeViolation(shape);
  if (tooLarge) return tooLarge;
  if (inputZero.length !== shape.input.channels) {
    return { where: 'image', what: 'zeros do not match the channels' };
  }
  if (model.classes.length !== shape.classifier.classes) {
    return { where: 'classifier', what: 'names do not match the classes' };
  }
  if (!Number.isInteger(fractionBits) || fractionBits < 0 || fractionBits > limits.fractionBits) {
    return { where: 'activations', what: `fraction bits must be 0..${limits.fractionBits}` };
  }
  const { kernel, input, output } = shape.stem.conv;
  if (stem.weight.length !== output.channels * kernel * kernel * input.channels) {
    return { where: 'stem', what: 'weights do not match the shape' };
  }
  const stemReach = stemBound(stem.weight, output.channels, inputZero);
  const stemProblem = requantizerProblem(stem.requantizer, output.channels, stemReach);
  if (stemProblem) return { where: 'stem', what: stemProblem };
  if (blocks.length !== shape.blocks.length) {
    return { where: 'blocks', what: `${blocks.length} instead of ${shape.blocks.length}` };
  }
  const [first] = blocks;
  const other = blocks.findIndex(({ input }) => sightOf(input) !== sightOf(first.input));
  if (other >= 0) {
    return {
      where: shape.blocks[other].name,
      what: `does not see ${sightOf(first.input)} activations`,
    };
  }
  for (const [i, { name, conv, shortcut }] of shape.blocks.entries()) {
    const [inputs, outputs] = [conv.input.channels, conv.output.channels];
    const problem = blockProblem(blocks[i], inputs, outputs, shortcut === 'downsample');
    if (problem) return { where: name, what: problem };
  }
  const problem = classifierProblem(model);
  return problem ? { where: 'classifier', what: problem } : null;
}
