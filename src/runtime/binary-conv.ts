import type { ConvShape } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import type { Padding } from '../model/trained.js';
import type { Constants } from './constants.js';
import {
  type ConvChannels,
  type ConvWeights,
  computedResponses,
  lookupWeights,
  nibbleWeights,
  planeWeights,
  popcountWeights,
  splitPlaneWeights,
  tapSums,
} from './conv-weights.js';

/** How a binary convolution is computed, in the order of kernels/conv.h; docs/runtime.md. */
export const kernelKinds = ['planes', 'splitPlanes', 'lookup', 'nibbles', 'popcount'] as const;
export type KernelKind = (typeof kernelKinds)[number];

/** Kernels that take every convolution as one of 1 bit. */
export const oneBitKinds: readonly KernelKind[] = ['splitPlanes', 'nibbles', 'popcount'];

/** Bytes of a vector: 16 in WebAssembly, 32 with AVX2. */
export type VectorBytes = 16 | 32;

/** A convolution of binary weights made ready for the kernels. */
export interface BinaryConv {
  /** The fields of `Conv` in kernels/conv.h. */
  readonly fields: readonly number[];
  /** Bytes of its codes, and of those transposed where the kernel wants them so, else 0. */
  readonly codeBytes: number;
  readonly transposedBytes: number;
  /** Bytes that a thread needs beside. */
  readonly scratchBytes: number;
}

/** Channels of a stored map: filled up to whole vectors. */
export function storedChannels(channels: number, vector: VectorBytes): number {
  return vector * Math.ceil(channels / vector);
}

/** Positions that are computed at a time. */
export function stripOf(vector: VectorBytes): number {
  return 4 * vector;
}

/** Whether the kernel can compute a convolution with such a subset. */
export function supports(
  kind: KernelKind,
  conv: Pick<PackedBinaryConv, 'tau' | 'structure'>,
): boolean {
  if (kind === 'planes') return conv.tau <= 8;
  if (kind !== 'lookup') return true;
  return computedResponses(conv) <= (conv.structure === 'antipodal' ? 16 : 32);
}

function layWeights(
  kind: KernelKind,
  conv: PackedBinaryConv,
  channels: ConvChannels,
  vector: VectorBytes,
  constants: Constants,
): ConvWeights {
  switch (kind) {
    case 'planes':
      return planeWeights(conv, channels, vector, constants);
    case 'splitPlanes':
      return splitPlaneWeights(conv, channels, vector, constants);
    case 'lookup':
      return lookupWeights(conv, channels, vector, constants);
    case 'nibbles':
      return nibbleWeights(conv, channels, vector, constants);
    case 'popcount':
      return popcountWeights(conv, channels, constants);
  }
}

/** Bytes of the codes of one padded row, as `row_bytes` in kernels/codes.h has it. */
function rowBytes(kind: KernelKind, { input, output }: ConvShape, stored: number): number {
  if (kind === 'nibbles') return ((input.width + 2) * stored) / 4;
  if (kind === 'popcount') return (input.width + 2) * Math.ceil(stored / 32) * 4;
  return output.width * stored;
}

function scratchOf(
  kind: KernelKind,
  { storedInputs, storedOutputs }: ConvChannels,
  { responses, antipodal, chunk }: ConvWeights,
  strip: number,
): number {
  const counts = 2 * strip * storedOutputs;
  const planes = kind === 'splitPlanes' ? 48 : antipodal ? 2 * responses : responses;
  switch (kind) {
    case 'planes':
    case 'splitPlanes':
      return 3 * strip * storedOutputs + planes * chunk * strip;
    case 'lookup':
      return counts + 2 * strip * storedInputs;
    case 'nibbles':
      return counts + (2 * strip * 9 * storedInputs) / 4;
    case 'popcount':
      return counts + 4 * strip * 9 * Math.ceil(storedInputs / 32);
  }
}

/** Lays a binary convolution's weights among the constants in the order its kernel reads them. */
export function layBinaryConv(
  kind: KernelKind,
  conv: PackedBinaryConv,
  shape: ConvShape,
  padding: Padding,
  vector: VectorBytes,
  constants: Constants,
): BinaryConv {
  const { stride, input, output } = shape;
  const channels: ConvChannels = {
    inputs: input.channels,
    outputs: output.channels,
    storedInputs: storedChannels(input.channels, vector),
    storedOutputs: storedChannels(output.channels, vector),
  };
  const { storedInputs, storedOutputs } = channels;
  const strip = stripOf(vector);
  const laid = layWeights(kind, conv, channels, vector, constants);
  const edges = padding === 'zero' ? constants.add(tapSums(conv, channels)) : -1;
  const codes = (input.height + 2) * output.width;
  const byPlanes = kind === 'planes' || kind === 'splitPlanes';
  return {
    fields: [
      kernelKinds.indexOf(kind),
      ...[input.height, input.width, output.height, output.width, stride],
      ...[input.channels, output.channels, storedInputs, storedOutputs],
      ...[laid.responses, laid.antipodal ? 1 : 0, laid.chunk, laid.chunks],
      ...[laid.tables, laid.weights, laid.biases, edges],
    ],
    codeBytes: byPlanes
      ? 16 * Math.ceil(codes / 16) * storedInputs
      : (input.height + 2) * rowBytes(kind, shape, storedInputs),
    transposedBytes: byPlanes ? 16 * Math.ceil((codes + strip) / 16) * storedInputs : 0,
    scratchBytes: scratchOf(kind, channels, laid, strip),
  };
}
