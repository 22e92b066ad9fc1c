import { Failure } from '../util/failure.js';
import { binaryBound, limits, matrixBound, modelViolation, stemBound } from './bounds.js';
import type { Reach } from './float-reference.js';
import { slopeFractionBits } from './integer.js';
import {
  affineOf,
  canonicalConv,
  type IntegerMatrix,
  toByteRows,
  toFixed16,
  toRequantizer,
  toShortRows,
  toThreshold,
} from './pack-parts.js';
import type { PackedBlock, PackedInput, PackedModel, PackedReal, Provenance } from './packed.js';
import type {
  TrainedBinaryConv,
  TrainedBinaryNetwork,
  TrainedBlock,
  TrainedNetwork,
  TrainedNorm,
} from './trained.js';

/** How much larger than the largest one seen an activation or accumulator may become before it saturates. */
const headroom = 1.5;

export interface PackOptions {
  readonly name: string;
  readonly reach: Reach;
  readonly provenance: Provenance;
}

/**
 * The most fractional bits, 0..14, with which int16 holds {@link headroom} times `reach`.
 *
 * @throws Failure where `reach` is beyond int16 or no number
 */
export function fractionBitsFor(reach: number): number {
  const wanted = reach * headroom;
  if (!(wanted <= 32767)) {
    throw new Failure('input', `activations of up to ${reach} do not fit 16 bits`, [
      'train again with a smaller learning rate: the network has diverged',
    ]);
  }
  let bits: number = limits.fractionBits;
  while (bits > 0 && wanted * 2 ** bits > 32767) bits--;
  return bits;
}

function packReal<Integers extends Int8Array | Int16Array>(
  { integers, steps }: IntegerMatrix<Integers>,
  bound: number,
  norm: TrainedNorm,
  inputUnit: number,
  fractionBits: number,
): PackedReal<Integers> {
  const unit = 2 ** fractionBits;
  const { slope, offset } = affineOf(norm);
  const multipliers = slope.map((s, o) => s * steps[o] * inputUnit * unit);
  return {
    weight: integers,
    requantizer: toRequantizer(
      multipliers,
      offset.map((b) => b * unit),
      bound,
    ),
  };
}

/** The largest accumulator that any preShift brings to 16 bits. */
const widestAccumulator = limits.factor * 2 ** limits.preShift;

/** Largest sum of a stem row's weights for which its accumulators pass a requantiser. */
const stemRowLimit = Math.floor(widestAccumulator / 255);

function packStem(network: TrainedNetwork, fractionBits: number): PackedReal<Int16Array> {
  const { stem, input } = network;
  const { channels } = network.shape.stem.conv.output;
  const scaled = Float64Array.from(
    stem.weight,
    (weight, i) => weight / input.scale[i % input.scale.length],
  );
  const matrix = toShortRows(scaled, channels, stemRowLimit);
  const bound = stemBound(matrix.integers, channels, Uint8Array.from(input.zero));
  return packReal(matrix, bound, stem.norm, 1, fractionBits);
}

function packShortcut(
  { weight, norm }: NonNullable<TrainedBlock['shortcut']>,
  fractionBits: number,
): PackedReal<Int8Array> {
  const outputs = norm.gamma.length;
  const matrix = toByteRows(Float64Array.from(weight), outputs, limits.factor);
  const bound = matrixBound(matrix.integers, outputs);
  return packReal(matrix, bound, norm, 2 ** -fractionBits, fractionBits);
}

function packInput(
  shifts: Float32Array,
  { activations, padding }: Pick<TrainedNetwork, 'activations' | 'padding'>,
  fractionBits: number,
): PackedInput {
  return activations === 'binary'
    ? { activations, threshold: toThreshold(shifts, fractionBits), padding }
    : { activations, shift: toFixed16(shifts, fractionBits) };
}

/** @param reach of its accumulators: where activations are real, they saturate at {@link headroom} times that */
function packBlock(
  block: TrainedBlock<TrainedBinaryConv>,
  name: string,
  network: Pick<TrainedNetwork, 'activations' | 'padding'>,
  reach: number,
  fractionBits: number,
): PackedBlock {
  const unit = 2 ** fractionBits;
  const { activations } = network;
  const inputUnit = activations === 'binary' ? 1 : 1 / unit;
  const { slope, offset } = affineOf(block.norm);
  const multipliers = slope.map((s, o) => s * block.conv.alpha[o] * inputUnit * unit);
  const biases = offset.map((b, o) => (b + block.shiftMid[o]) * unit);
  const bound =
    activations === 'binary'
      ? binaryBound(block.shiftIn.length)
      : Math.min(Math.ceil((reach * headroom) / inputUnit), widestAccumulator);
  return {
    input: packInput(block.shiftIn, network, fractionBits),
    conv: canonicalConv(block.conv, name),
    requantizer: toRequantizer(multipliers, biases, bound),
    shortcut: block.shortcut && packShortcut(block.shortcut, fractionBits),
    slope: toFixed16(block.slope, slopeFractionBits),
    shiftOut: toFixed16(block.shiftOut, fractionBits),
  };
}

function packClassifier(
  { weight, bias }: TrainedNetwork['classifier'],
  fractionBits: number,
): PackedModel['classifier'] {
  const { integers, steps } = toByteRows(Float64Array.from(weight), 1, Number.POSITIVE_INFINITY);
  const scale = steps[0] / 2 ** fractionBits;
  return { weight: integers, bias: Int32Array.from(bias, (b) => Math.round(b / scale)), scale };
}

/** Whether every number of a trained network, however deep, is finite. */
function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value instanceof Float32Array) return value.every(Number.isFinite);
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
    ? Object.values(value).every(allFinite)
    : true;
}

/**
 * Turns a trained network into the integer model of docs/arithmetic.md: folds scale, norm and shift
 * behind each convolution into its requantiser, input scaling and norm into the stem, and rounds
 * real weights to integers.
 *
 * @throws Failure where the network is not finite or too large for the arithmetic
 */
export function packNetwork(
  network: TrainedBinaryNetwork,
  { name, reach, provenance }: PackOptions,
): PackedModel {
  if (!allFinite(network)) {
    throw new Failure('input', 'the trained network holds values that are not finite', [
      'train again with a smaller learning rate: the network has diverged',
    ]);
  }
  const { blocks, activations } = network;
  if (activations === 'real' && reach.accumulators.length !== blocks.length) {
    throw new Error('the reach of the accumulators is not that of every block');
  }
  const fractionBits = fractionBitsFor(reach.activations);
  const model: PackedModel = {
    name,
    shape: network.shape,
    classes: network.classes,
    inputZero: Uint8Array.from(network.input.zero),
    fractionBits,
    stem: packStem(network, fractionBits),
    blocks: blocks.map((block, i) =>
      packBlock(block, network.shape.blocks[i].name, network, reach.accumulators[i], fractionBits),
    ),
    classifier: packClassifier(network.classifier, fractionBits),
    provenance,
  };
  const violation = modelViolation(model);
  if (violation) {
    throw new Failure('input', `cannot pack ${violation.where}: ${violation.what}`, [
      'keep the network within the bounds of docs/arithmetic.md',
    ]);
  }
  return model;
}
