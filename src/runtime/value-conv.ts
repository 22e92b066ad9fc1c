import type { ConvShape } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import {
  type BinaryConv,
  kernelKinds,
  storedChannels,
  stripOf,
  type VectorBytes,
} from './binary-conv.js';
import type { Constants } from './constants.js';
import { chunkedPicks, computedResponses, planeBytes } from './conv-weights.js';

/** How a convolution of int16 activations is computed, in the order of kernels/conv.h; docs/runtime.md. */
export const valueKinds = ['valuePlanes', 'valueSplit'] as const;
export type ValueKind = (typeof valueKinds)[number];

export function isValueKind(kind: string): kind is ValueKind {
  return valueKinds.some((value) => value === kind);
}

/** Planes of an input channel at 1 bit: of the first four taps and of the last five. */
const splitPlanes = 16 + 32;

/** Whether the kernel can compute a convolution with such a subset. */
export function supportsValues(kind: ValueKind, { tau }: Pick<PackedBinaryConv, 'tau'>): boolean {
  return kind === 'valueSplit' || tau <= 8;
}

/**
 * Steps of the kernels for an input channel and a tile, an output's addition of one plane being one: what a
 * response takes, its opposite, and all planes at 1 bit. Fitted to the layers of ResNet-18 on x86-64.
 */
const steps = {
  /** WebAssembly in Node 20. */
  16: { response: 3, opposite: 1, split: 90 },
  /** AVX2. */
  32: { response: 1.7, opposite: 2.4, split: 50 },
} as const;

/** Modelled time of a kernel on a convolution; only ratios matter. */
export function modelledValueTime(
  kind: ValueKind,
  subset: Pick<PackedBinaryConv, 'tau' | 'structure'>,
  { input, output }: ConvShape,
  vector: VectorBytes,
): number {
  const { response, opposite, split } = steps[vector];
  const each = subset.structure === 'antipodal' ? response + opposite : response;
  const planes =
    kind === 'valueSplit'
      ? split + 2 * output.channels
      : computedResponses(subset) * each + output.channels;
  return input.channels * Math.ceil((output.height * output.width) / vector) * planes;
}

/** The kernel with the least modelled time. */
export function fastestValueKernel(
  subset: Pick<PackedBinaryConv, 'tau' | 'structure'>,
  shape: ConvShape,
  vector: VectorBytes,
): ValueKind {
  const time = (kind: ValueKind) => modelledValueTime(kind, subset, shape, vector);
  return valueKinds
    .filter((kind) => supportsValues(kind, subset))
    .reduce((best, kind) => (time(kind) < time(best) ? kind : best));
}

/** The numbers of the three row planes whose sum is a kernel's response. */
function rowsOf(code: number): [number, number, number] {
  return [code & 7, 8 + ((code >> 3) & 7), 16 + (code >> 6)];
}

/** Lays the weights of a convolution of int16 activations among the constants, as {@link BinaryConv} is laid. */
export function layValueConv(
  kind: ValueKind,
  conv: PackedBinaryConv,
  { stride, input, output }: ConvShape,
  vector: VectorBytes,
  constants: Constants,
): BinaryConv {
  const channels = {
    inputs: input.channels,
    outputs: output.channels,
    storedInputs: storedChannels(input.channels, vector),
    storedOutputs: storedChannels(output.channels, vector),
  };
  const { storedInputs, storedOutputs } = channels;
  const isSplit = kind === 'valueSplit';
  const antipodal = !isSplit && conv.structure === 'antipodal';
  const responses = isSplit ? 0 : computedResponses(conv);
  const planes = isSplit ? splitPlanes : antipodal ? 2 * responses : responses;
  const plane = 4 * vector;
  const chunk = Math.max(1, Math.floor(planeBytes / (planes * plane)));
  const members = Uint8Array.from(Array.from(conv.members.subarray(0, responses), rowsOf).flat());
  const picks = chunkedPicks(channels, chunk, isSplit ? 2 : 1, (bytes, at, pair) => {
    const index = conv.indices[pair];
    if (isSplit) {
      const code = conv.members[index];
      bytes[at] = code & 15;
      bytes[at + 1] = 16 + (code >> 4);
    } else {
      bytes[at] = index;
    }
  });
  const positions = (input.height + 2) * output.width;
  const seenBytes = 2 * 3 * storedInputs;
  return {
    fields: [
      kernelKinds.length + valueKinds.indexOf(kind),
      ...[input.height, input.width, output.height, output.width, stride],
      ...[input.channels, output.channels, storedInputs, storedOutputs],
      ...[responses, antipodal ? 1 : 0, chunk, 1],
      ...[constants.add(members), constants.add(picks), 0, -1],
    ],
    codeBytes: 16 * Math.ceil(positions / 16) * seenBytes,
    transposedBytes: 16 * Math.ceil((positions + stripOf(vector)) / 16) * seenBytes,
    scratchBytes: plane * storedOutputs + chunk * planes * plane,
  };
}
