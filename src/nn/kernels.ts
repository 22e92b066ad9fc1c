import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { PoolSize } from './max-pool.js';

/** Gradients of a map and of the per-channel values that met it, in the order of the forward pass. */
export type MapGradients = readonly [Tensor4D, ...Tensor1D[]];

/**
 * The element-wise work and the binary convolutions of a network, forward and backward: what an
 * engine may bring in a faster form. Maps are [images, height, width, channels]; other tensors hold
 * one value a channel.
 */
export interface Kernels {
  /** sign(x + shift), sign(0) = +1, within a border of -1 one pixel wide. */
  signPad(x: Tensor4D, shift: Tensor1D): Tensor4D;
  /**
   * dx = dy max(0, 2 - 2 |x + shift|), the derivative of Bi-Real's piecewise quadratic (method:
   * binary activations); `dy` without border. Returns dx, dshift.
   */
  signGradient(x: Tensor4D, shift: Tensor1D, dy: Tensor4D): MapGradients;
  /** Mean and biased variance of every channel. */
  moments(x: Tensor4D): { readonly mean: Tensor1D; readonly variance: Tensor1D };
  /** gamma (x - mean) / sqrt(variance + epsilon) + beta. */
  normalize(
    x: Tensor4D,
    mean: Tensor1D,
    variance: Tensor1D,
    gamma: Tensor1D,
    beta: Tensor1D,
  ): Tensor4D;
  /** Through batch statistics (Ioffe and Szegedy, ICML 2015). Returns dx, dgamma, dbeta. */
  normalizeGradient(
    x: Tensor4D,
    mean: Tensor1D,
    variance: Tensor1D,
    gamma: Tensor1D,
    dy: Tensor4D,
  ): MapGradients;
  /** ReActNet's RPReLU behind a shortcut: prelu(x + residual + mid, slope) + out. */
  rprelu(x: Tensor4D, residual: Tensor4D, mid: Tensor1D, slope: Tensor1D, out: Tensor1D): Tensor4D;
  /** Returns dx (which is the residual's gradient too), dmid, dslope, dout. */
  rpreluGradient(
    x: Tensor4D,
    residual: Tensor4D,
    mid: Tensor1D,
    slope: Tensor1D,
    dy: Tensor4D,
  ): MapGradients;
  /** 2x2 average pooling of stride 2; edge windows of odd maps average the pixels they have. */
  averagePool(x: Tensor4D): Tensor4D;
  /** Gradient of {@link averagePool} to its input of `height` x `width`. */
  averagePoolGradient(dy: Tensor4D, height: number, width: number): Tensor4D;
  /**
   * Gradient of max pooling (nn/max-pool.ts) to its input `x`: each output's goes to the first
   * largest pixel of its window.
   */
  maxPoolGradient(x: Tensor4D, dy: Tensor4D, size: PoolSize): Tensor4D;
  /**
   * The filter by which a convolution of the output gradient becomes the input gradient of a 3x3
   * convolution by `filter`. Stride 1: flipped, channels swapped, [3, 3, Cout, Cin]. Stride 2, for
   * {@link unfoldCells}: the tap that each pixel of a 2x2 cell takes from each of the outputs about
   * it, [2, 2, Cout, 2 * 2 * Cin]; along either axis taps 2 and none, then 0 and 1.
   */
  gradientFilter(filter: Tensor4D, stride: 1 | 2): Tensor4D;
  /**
   * Sub-pixel unfolding: cell (i, j) of [images, ceil(height / 2) + 1, ceil(width / 2) + 1, 4 channels]
   * holds the pixels of rows 2i - 1, 2i and columns 2j - 1, 2j; those outside are dropped.
   */
  unfoldCells(cells: Tensor4D, height: number, width: number): Tensor4D;
  /** Gradient of a valid convolution of `padded` to its filter, [kernel, kernel, Cin, Cout]. */
  filterGradient(padded: Tensor4D, dy: Tensor4D, kernel: number, stride: 1 | 2): Tensor4D;
  /**
   * Binary convolution: {@link signPad} of x by `filter`, [3, 3, Cin, Cout]. Returns y and the signs,
   * in whatever form {@link convolveSignsGradient} of the same kernels takes them.
   */
  convolveSigns(
    x: Tensor4D,
    shift: Tensor1D,
    filter: Tensor4D,
    stride: 1 | 2,
  ): readonly [Tensor4D, Tensor];
  /** Through the surrogate of sign, {@link signGradient}. Returns dx, dshift, dfilter. */
  convolveSignsGradient(
    x: Tensor4D,
    shift: Tensor1D,
    signs: Tensor,
    filter: Tensor4D,
    dy: Tensor4D,
    stride: 1 | 2,
  ): readonly [Tensor4D, Tensor1D, Tensor4D];
}
