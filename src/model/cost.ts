import type { SubsetStructure, Tau } from '../spec/types.js';
import { tauOfLayer } from '../subbit/tau.js';
import { sum } from '../util/sum.js';
import type { BlockShape, ConvShape, NetworkShape } from './network.js';
import { storedMembers } from './size.js';
import type { Activations } from './trained.js';

/** How the binary layers of a network are quantised. */
export interface Quantization {
  /** Bits of an index, 1..9; 9 is the plain 1-bit network. */
  readonly tau: Tau;
  readonly structure: SubsetStructure;
  /** What the binary weights meet. It decides what an operation is: on bits, or an addition of two numbers. */
  readonly activations: Activations;
}

/** The costs of binary 3x3 convolutions that add up. */
export interface BinaryCost {
  /** Bits of the weights at 1 bit: 9 Cin Cout. */
  readonly oneBitBits: number;
  /** Bits of the weights as indices: tau Cin Cout. */
  readonly subBitBits: number;
  /** Bits of the subset itself, 9 a stored member; published tables leave it out. */
  readonly subsetBits: number;
  /** Operations of the plain binary convolution: 9 Cin Cout HW. */
  readonly oneBitOps: number;
  /** Operations with the subset's responses computed once a channel, in layers that share. */
  readonly subBitOps: number;
}

/** What one binary 3x3 convolution costs. */
export interface LayerCost extends BinaryCost {
  readonly name: string;
  /** Bits of an index. */
  readonly tau: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Output positions: height times width. */
  readonly positions: number;
  /** Responses that it computes for each input channel and position, to share among its outputs. */
  readonly responses: number;
  /** Whether it saves operations by sharing responses; if not, it costs what it does at 1 bit. */
  readonly shares: boolean;
}

/** Parameters outside the binary kernels, 32 bits each while training. */
export interface RealCost {
  readonly stem: number;
  readonly downsample: number;
  readonly classifier: number;
  /** Batch norms, shifts, PReLU slopes and scales. */
  readonly channels: number;
}

/** What a network costs: a pure function of its shape, without data or training. */
export interface NetworkCost {
  readonly quantization: Quantization;
  readonly layers: readonly LayerCost[];
  /** Sums over the binary layers. */
  readonly total: BinaryCost;
  readonly real: RealCost;
}

const kernelBits = 9;
const normParameters = 4;

/**
 * Responses that a layer computes for each input channel and position: one a member, one a pair of
 * complements in an antipodal subset, since the response of a complement is 9 minus its twin's.
 */
function responsesOf(tau: number, structure: SubsetStructure): number {
  return structure === 'antipodal' ? 2 ** (tau - 1) : 2 ** tau;
}

/** What one binary 3x3 convolution of a network costs. */
export function layerCost({ name, conv }: BlockShape, quantization: Quantization): LayerCost {
  const { input, output } = conv;
  const pairs = input.channels * output.channels;
  const positions = output.height * output.width;
  const { structure, activations } = quantization;
  const tau = tauOfLayer(quantization.tau, name);
  const responses = responsesOf(tau, structure);
  const picking = activations === 'binary' ? output.channels / 2 : output.channels;
  const oneBitOps = kernelBits * pairs * positions;
  const sharedOps = input.channels * positions * (kernelBits * responses + picking);
  const shares = activations === 'binary' ? responses < output.channels : sharedOps < oneBitOps;
  return {
    name,
    tau,
    inputs: input.channels,
    outputs: output.channels,
    positions,
    oneBitBits: kernelBits * pairs,
    subBitBits: tau * pairs,
    subsetBits: kernelBits * storedMembers({ tau, structure }),
    oneBitOps,
    subBitOps: shares ? sharedOps : oneBitOps,
    responses,
    shares,
  };
}

function realWeights({ kernel, input, output }: ConvShape): number {
  return kernel ** 2 * input.channels * output.channels;
}

/** Counts the parameters of a network outside its 3x3 kernels. */
export function realCost({ stem, blocks, classifier }: NetworkShape): RealCost {
  const downsampled = blocks.filter(({ shortcut }) => shortcut === 'downsample');
  const norms = [stem.conv, ...[...blocks, ...downsampled].map(({ conv }) => conv)];
  return {
    stem: realWeights(stem.conv),
    downsample: sum(downsampled.map(({ conv }) => conv.input.channels * conv.output.channels)),
    classifier: (classifier.inputs + 1) * classifier.classes,
    channels:
      sum(norms.map(({ output }) => normParameters * output.channels)) +
      sum(blocks.map(({ conv }) => conv.input.channels + 4 * conv.output.channels)),
  };
}

/** Bits that a binary weight takes as part of an index, tau / 9, as a mean over the network. */
export function bitsPerBinaryWeight({ total }: Pick<NetworkCost, 'total'>): number {
  return total.subBitBits / total.oneBitBits;
}

/**
 * The costs of a network at `tau` beside those at 1 bit, by the rules of the published tables: with
 * R = 2^tau responses (half as many for an antipodal subset), a layer with R < Cout takes
 * Cin HW (9 R + Cout / 2) bit operations and any other 9 Cin Cout HW. Where activations are real, every
 * one of these is an addition, and picking takes Cout of them: Cin HW (9 R + Cout) if that is less.
 */
export function costOf(shape: NetworkShape, quantization: Quantization): NetworkCost {
  const layers = shape.blocks.map((block) => layerCost(block, quantization));
  const total = (figure: keyof BinaryCost) => sum(layers.map((layer) => layer[figure]));
  return {
    quantization,
    layers,
    total: {
      oneBitBits: total('oneBitBits'),
      subBitBits: total('subBitBits'),
      subsetBits: total('subsetBits'),
      oneBitOps: total('oneBitOps'),
      subBitOps: total('subBitOps'),
    },
    real: realCost(shape),
  };
}
