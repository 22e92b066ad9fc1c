import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';
import { normEpsilon } from '../model/trained.js';
import { composed } from '../nn/composed.js';
import { gradientFilterOnHost } from '../nn/conv-gradient.js';
import type { Kernels } from '../nn/kernels.js';
import { maxPoolGradientOnHost } from '../nn/max-pool.js';
import type { SignConvolution } from '../nn/sign-convolution.js';
import { startModule } from './wasm-module.js';
import { signConvolution } from './wasm-signs.js';

/** Channels that the kernels handle at a time. */
const lanes = 4;

/**
 * The kernels in C (kernels/), compiled to WebAssembly SIMD and run in the memory of the
 * TensorFlow.js backend, so that tensors pass between both without a copy. Maps whose channels are
 * no multiple of four fall back to the composed operations.
 *
 * @param backend the backend that is set and ready on this thread
 */
export function wasmKernels(backend: BackendWasm): Kernels {
  const module = startModule(backend);
  const { kernels, at, output } = module;
  const perChannel = (x: tf.Tensor4D) => output<tf.Tensor1D>([x.shape[3]]);
  const rowsOf = (x: tf.Tensor4D) => x.size / x.shape[3];
  const fits = (x: tf.Tensor4D) => x.shape[3] % lanes === 0;

  const fused: Omit<Kernels, keyof SignConvolution> = {
    signPad(x, shift) {
      if (!fits(x)) return composed.signPad(x, shift);
      const [images, height, width, channels] = x.shape;
      const out = output<tf.Tensor4D>([images, height + 2, width + 2, channels]);
      kernels.sign_pad(at(x), at(shift), at(out), images, height, width, channels);
      return out;
    },

    signGradient(x, shift, dy) {
      if (!fits(x)) return composed.signGradient(x, shift, dy);
      const dx = output<tf.Tensor4D>(x.shape);
      const dShift = perChannel(x);
      kernels.sign_gradient(at(x), at(shift), at(dy), at(dx), at(dShift), rowsOf(x), x.shape[3]);
      return [dx, dShift];
    },

    moments(x) {
      if (!fits(x)) return composed.moments(x);
      const mean = perChannel(x);
      const variance = perChannel(x);
      kernels.moments(at(x), at(mean), at(variance), rowsOf(x), x.shape[3]);
      return { mean, variance };
    },

    normalize(x, mean, variance, gamma, beta) {
      if (!fits(x)) return composed.normalize(x, mean, variance, gamma, beta);
      const y = output<tf.Tensor4D>(x.shape);
      const pointers = [x, mean, variance, gamma, beta, y].map(at);
      kernels.normalize(...pointers, rowsOf(x), x.shape[3], normEpsilon);
      return y;
    },

    normalizeGradient(x, mean, variance, gamma, dy) {
      if (!fits(x)) return composed.normalizeGradient(x, mean, variance, gamma, dy);
      const dx = output<tf.Tensor4D>(x.shape);
      const [dGamma, dBeta] = [perChannel(x), perChannel(x)];
      const pointers = [x, dy, mean, variance, gamma, dx, dGamma, dBeta].map(at);
      kernels.norm_gradient(...pointers, rowsOf(x), x.shape[3], normEpsilon);
      return [dx, dGamma, dBeta];
    },

    rprelu(x, residual, mid, slope, out) {
      if (!fits(x)) return composed.rprelu(x, residual, mid, slope, out);
      const y = output<tf.Tensor4D>(x.shape);
      kernels.rprelu(...[x, residual, mid, slope, out, y].map(at), rowsOf(x), x.shape[3]);
      return y;
    },

    rpreluGradient(x, residual, mid, slope, dy) {
      if (!fits(x)) return composed.rpreluGradient(x, residual, mid, slope, dy);
      const dx = output<tf.Tensor4D>(x.shape);
      const [dMid, dSlope, dOut] = [perChannel(x), perChannel(x), perChannel(x)];
      const pointers = [x, residual, mid, slope, dy, dx, dMid, dSlope, dOut].map(at);
      kernels.rprelu_gradient(...pointers, rowsOf(x), x.shape[3]);
      return [dx, dMid, dSlope, dOut];
    },

    averagePool(x) {
      if (!fits(x)) return composed.averagePool(x);
      const [images, height, width, channels] = x.shape;
      const shape = [images, Math.ceil(height / 2), Math.ceil(width / 2), channels];
      const y = output<tf.Tensor4D>(shape);
      kernels.average_pool(at(x), at(y), images, height, width, channels);
      return y;
    },

    averagePoolGradient(dy, height, width) {
      if (!fits(dy)) return composed.averagePoolGradient(dy, height, width);
      const [images, , , channels] = dy.shape;
      const dx = output<tf.Tensor4D>([images, height, width, channels]);
      kernels.average_pool_gradient(at(dy), at(dx), images, height, width, channels);
      return dx;
    },

    maxPoolGradient: maxPoolGradientOnHost,

    gradientFilter: gradientFilterOnHost,

    unfoldCells(cells, height, width) {
      const [images, , , pixels] = cells.shape;
      const channels = pixels / 4;
      if (channels % lanes !== 0) return composed.unfoldCells(cells, height, width);
      const x = output<tf.Tensor4D>([images, height, width, channels]);
      kernels.unfold_cells(at(cells), at(x), images, height, width, channels);
      return x;
    },

    filterGradient(padded, dy, kernel, stride) {
      if (!fits(dy)) return composed.filterGradient(padded, dy, kernel, stride);
      const [images, paddedHeight, paddedWidth, inChannels] = padded.shape;
      const [, height, width, outChannels] = dy.shape;
      const dw = output<tf.Tensor4D>([kernel, kernel, inChannels, outChannels]);
      const input = [images, paddedHeight, paddedWidth, height, width];
      const filter = [inChannels, outChannels, kernel, stride];
      kernels.filter_gradient(at(padded), at(dy), at(dw), ...input, ...filter);
      return dw;
    },
  };
  return { ...fused, ...signConvolution(module, fused) };
}
