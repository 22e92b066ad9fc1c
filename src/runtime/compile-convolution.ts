import type { ConvShape } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import type { Padding } from '../model/trained.js';
import { type KernelKind, layBinaryConv, storedChannels, type VectorBytes } from './binary-conv.js';
import { aligned, newConstants } from './constants.js';
import { filled } from './layer-constants.js';
import { type OperationName, operation, type PlacedMap, type Program } from './program.js';
import { layValueConv, type ValueKind } from './value-conv.js';

/** A convolution of binary activations, or one of int16 activations, which pads with 0. */
export type ConvolutionOptions =
  | { readonly vector: VectorBytes; readonly kernel: KernelKind; readonly padding: Padding }
  | { readonly vector: VectorBytes; readonly kernel: ValueKind };

/**
 * Compiles one convolution of binary weights. Its image is the map before it, int16 [height, width, stored
 * channels]; its only map is `accumulators`.
 *
 * @param seen int16, [Cin]: thresholds below which an activation counts as -1, or shifts added to int16 activations
 */
export function compileConvolution(
  packed: PackedBinaryConv,
  seen: Int16Array,
  shape: ConvShape,
  options: ConvolutionOptions,
): Program {
  const { vector } = options;
  const { input, output } = shape;
  const constants = newConstants();
  const binary =
    'padding' in options
      ? layBinaryConv(options.kernel, packed, shape, options.padding, vector, constants)
      : layValueConv(options.kernel, packed, shape, vector, constants);
  const binaryBytes = constants.size();
  const stored = storedChannels(input.channels, vector);
  const seenAt = constants.add(filled(seen, stored, 32767));
  const byPlanes = binary.transposedBytes > 0;
  const bytes = input.height * input.width * stored * 2;
  const codesAt = aligned(bytes + vector);
  const transposedAt = codesAt + aligned(binary.codeBytes + vector);
  const sumsAt = transposedAt + aligned(binary.transposedBytes + vector);
  const storedOutputs = storedChannels(output.channels, vector);
  const sums: PlacedMap = {
    name: 'accumulators',
    shape: output,
    stored: storedOutputs,
    offset: sumsAt,
    kind: 'int32',
  };
  const encoded = [0, seenAt, codesAt, byPlanes ? transposedAt : -1, ...binary.fields];
  const run = (name: OperationName, fields: readonly number[]) =>
    operation('convolution', name, fields);
  const operations = [
    run('encode', encoded),
    ...(byPlanes ? [run('transpose', encoded)] : []),
    run('convolve', [byPlanes ? transposedAt : codesAt, sumsAt, ...binary.fields]),
  ];
  return {
    vector,
    constants: constants.bytes(),
    operations,
    arenaBytes: sumsAt + aligned(4 * output.height * output.width * storedOutputs + vector),
    scratchBytes: aligned(Math.max(binary.scratchBytes, (input.width + 2) * stored) + 256),
    image: { offset: 0, bytes, shape: { ...input, channels: 2 * stored } },
    logits: sums,
    maps: [{ ...sums, operation: operations.length - 1, place: { offset: sumsAt } }],
    binaryBytes,
  };
}
