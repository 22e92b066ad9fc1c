import type { NetworkShape } from './network.js';

/** Batch normalisation in inference form, one value a channel. */
export interface TrainedNorm {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** The stabiliser of every batch norm: y = gamma (x - mean) / sqrt(variance + epsilon) + beta. */
export const normEpsilon = 1e-5;

/** A binary 3x3 convolution as trained: members of its subset, chosen by index, scaled by alpha. */
export interface TrainedBinaryConv {
  readonly kind: 'binary';
  /** Bits of an index, 1..9. */
  readonly tau: number;
  readonly structure: 'free' | 'antipodal';
  /** Kernel codes of the 2^tau members, each 0..511; see subbit/kernels. */
  readonly members: Uint16Array;
  /** Index of the member of every (output, input) pair, [Cout, Cin]. */
  readonly indices: Uint16Array;
  /** Scale of each output channel, mean |latent|, [Cout]. */
  readonly alpha: Float32Array;
}

/** A 3x3 convolution whose weights are real, [Cout, 3, 3, Cin]. */
export interface TrainedRealConv {
  readonly kind: 'real';
  readonly weight: Float32Array;
}

/** Whether the 3x3 convolutions see the signs of their input or the input itself. */
export type Activations = 'binary' | 'real';

/** What taps outside of the map see of the signs; of real activations they always see 0. */
export type Padding = 'minus-one' | 'zero';

/**
 * One block as trained. With b = sign(x + shiftIn) (sign(0) = +1), padded as the network says, or
 * where its activations are real b = x + shiftIn, padded with 0:
 *   u = norm(pool(conv(b))) + shortcut(x);  x' = prelu(u + shiftMid, slope) + shiftOut,
 * where its shape says whether it pools (else pool(a) = a) and has a shortcut (else 0).
 */
export interface TrainedBlock<Conv = TrainedBinaryConv | TrainedRealConv> {
  readonly shiftIn: Float32Array;
  readonly conv: Conv;
  readonly norm: TrainedNorm;
  /** 1x1 convolution [Cout, Cin] behind 2x2 average pooling (stride 2, edge windows averaged over
   * the pixels they have) and its norm; null where the shortcut has no weights. */
  readonly shortcut: { readonly weight: Float32Array; readonly norm: TrainedNorm } | null;
  readonly shiftMid: Float32Array;
  readonly slope: Float32Array;
  readonly shiftOut: Float32Array;
}

/** Images enter the network as (pixel - zero[channel]) / scale[channel]; pixels are 0..255. */
export interface InputScaling {
  /** Integer pixel value that becomes 0, so that zero padding is a pixel value too. */
  readonly zero: readonly number[];
  readonly scale: readonly number[];
}

/** A trained network in its inference form, all real values float32. */
export interface TrainedNetwork<Conv = TrainedBinaryConv | TrainedRealConv> {
  readonly shape: NetworkShape;
  readonly activations: Activations;
  readonly padding: Padding;
  readonly input: InputScaling;
  readonly classes: readonly string[];
  /** Real convolution [Cout, kernel, kernel, Cin], zero-padded, then its norm (then max pooling). */
  readonly stem: { readonly weight: Float32Array; readonly norm: TrainedNorm };
  readonly blocks: readonly TrainedBlock<Conv>[];
  /** On the average over all positions: weight [classes, C], bias [classes]. */
  readonly classifier: { readonly weight: Float32Array; readonly bias: Float32Array };
}

/** A network of binary weights, whatever its activations: what `pack` turns integer. */
export type TrainedBinaryNetwork = TrainedNetwork<TrainedBinaryConv>;

/** Whether the weights of a network's 3x3 convolutions are binary. */
export function isBinaryNetwork(network: TrainedNetwork): network is TrainedBinaryNetwork {
  return network.blocks.every(({ conv }) => conv.kind === 'binary');
}

/** A network of real weights and activations. */
export interface TrainedRealNetwork extends TrainedNetwork<TrainedRealConv> {
  readonly activations: 'real';
}

/** Whether nothing of a network is binary. */
export function isRealNetwork(network: TrainedNetwork): network is TrainedRealNetwork {
  return network.activations === 'real' && network.blocks.every(({ conv }) => conv.kind === 'real');
}
