import { membersOf, sampleSubset } from '../subbit/subset.js';
import { tauOfLayer } from '../subbit/tau.js';
import { type RandomStream, stream } from '../util/random.js';
import { limits, matrixBound, preShiftFor, stemBound } from './bounds.js';
import type { Quantization } from './cost.js';
import type { BlockShape, ConvShape, NetworkShape } from './network.js';
import type {
  PackedBinaryConv,
  PackedBlock,
  PackedInput,
  PackedModel,
  Requantizer,
} from './packed.js';

/*
 * Packed networks of random weights: they compute nothing of use, and take the time and the memory that
 * trained ones of their shapes take.
 */

const int16Magnitude = 32768;

/** Integers of -limit..limit. */
function integers(length: number, limit: number, random: RandomStream): number[] {
  return Array.from({ length }, () => random.below(2 * limit + 1) - limit);
}

function randomRequantizer(channels: number, bound: number, random: RandomStream): Requantizer {
  return {
    preShift: preShiftFor(bound),
    shift: 16,
    multiplier: Int16Array.from(integers(channels, limits.factor, random)),
    bias: Int32Array.from(integers(channels, 2 ** 16, random)),
  };
}

/** A binary convolution with a uniformly drawn subset and kernels drawn from it. */
export function randomConv(
  tau: number,
  structure: Quantization['structure'],
  { input, output }: Pick<ConvShape, 'input' | 'output'>,
  random: RandomStream,
): PackedBinaryConv {
  const kind = tau === 9 ? 'free' : structure;
  return {
    tau,
    structure: kind,
    members: membersOf(sampleSubset(tau, kind, random)),
    indices: Uint16Array.from({ length: input.channels * output.channels }, () =>
      random.below(2 ** tau),
    ),
  };
}

/** What of a quantisation decides the kernels. */
type KernelQuantization = Omit<Quantization, 'activations'>;

function layerConv(block: BlockShape, { tau, structure }: KernelQuantization, seed: number) {
  const random = stream(seed, 'random kernels', block.name);
  return randomConv(tauOfLayer(tau, block.name), structure, block.conv, random);
}

function randomInput(
  inputs: number,
  activations: PackedInput['activations'],
  random: RandomStream,
): PackedInput {
  const constants = Int16Array.from(integers(inputs, 1000, random));
  return activations === 'binary'
    ? { activations, threshold: constants, padding: 'minus-one' }
    : { activations, shift: constants };
}

function randomBlock(block: BlockShape, quantization: Quantization, seed: number): PackedBlock {
  const random = stream(seed, 'random block', block.name);
  const { input, output } = block.conv;
  const [inputs, outputs] = [input.channels, output.channels];
  const limit = Math.min(127, Math.floor(limits.factor / inputs));
  const weight = Int8Array.from(integers(inputs * outputs, limit, random));
  return {
    input: randomInput(inputs, quantization.activations, random),
    conv: layerConv(block, quantization, seed),
    requantizer: randomRequantizer(outputs, 9 * inputs, random),
    shortcut:
      block.shortcut === 'downsample'
        ? { weight, requantizer: randomRequantizer(outputs, matrixBound(weight, outputs), random) }
        : null,
    slope: Int16Array.from(integers(outputs, 1000, random)),
    shiftOut: Int16Array.from(integers(outputs, 1000, random)),
  };
}

/**
 * A packed network of random weights.
 *
 * @param shape within the limits of docs/arithmetic.md
 */
export function randomModel(
  shape: NetworkShape,
  quantization: Quantization,
  seed: number,
): PackedModel {
  const random = stream(seed, 'random model');
  const { input, classifier } = shape;
  const { kernel, output } = shape.stem.conv;
  const taps = kernel ** 2 * input.channels;
  const stemLimit = Math.floor((limits.factor * 2 ** limits.preShift) / (255 * taps));
  const stem = Int16Array.from(
    integers(output.channels * taps, Math.min(limits.factor, stemLimit), random),
  );
  const inputZero = Uint8Array.from({ length: input.channels }, () => random.below(256));
  const bound = stemBound(stem, output.channels, inputZero);
  const classLimit = Math.floor(2 ** 30 / int16Magnitude / classifier.inputs);
  return {
    name: 'random',
    shape,
    classes: Array.from({ length: classifier.classes }, (_, i) => String(i)),
    inputZero,
    fractionBits: 10,
    stem: { weight: stem, requantizer: randomRequantizer(output.channels, bound, random) },
    blocks: shape.blocks.map((block) => randomBlock(block, quantization, seed)),
    classifier: {
      weight: Int8Array.from(
        integers(classifier.classes * classifier.inputs, Math.min(127, classLimit), random),
      ),
      bias: Int32Array.from(integers(classifier.classes, 2 ** 16, random)),
      scale: 1,
    },
    provenance: { trained: '', spec: '', tool: '', origin: null },
  };
}

/** A network whose binary convolutions are drawn anew, and all else is equal. */
export function withRandomKernels(
  model: PackedModel,
  quantization: KernelQuantization,
  seed: number,
): PackedModel {
  const { blocks } = model.shape;
  return {
    ...model,
    blocks: model.blocks.map((block, i) => ({
      ...block,
      conv: layerConv(blocks[i], quantization, seed),
    })),
  };
}
