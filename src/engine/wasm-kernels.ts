import { readFileSync } from 'node:fs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { normEpsilon } from '../model/trained.js';
import { composed } from '../nn/composed.js';
import { gradientFilterOnHost } from '../nn/conv-gradient.js';
import type { Kernels } from '../nn/kernels.js';
import { maxPoolGradientOnHost } from '../nn/max-pool.js';
import { packageFile } from '../util/paths.js';

/** What kernels/train.c exports: pointers into the backend's memory and sizes. */
type Exports = Record<
  | 'sign_pad'
  | 'sign_gradient'
  | 'moments'
  | 'affine'
  | 'norm_gradient'
  | 'rprelu'
  | 'rprelu_gradient'
  | 'average_pool'
  | 'average_pool_gradient'
  | 'unfold_cells'
  | 'filter_gradient',
  (...args: number[]) => void
> & { readonly __stack_pointer: WebAssembly.Global };

/** What the backend's typings leave out: its memory and the allocator of its heap. */
interface BackendModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  readonly _malloc: (bytes: number) => number;
}

const stackBytes = 64 * 1024;

/** Channels that the kernels handle at a time. */
const lanes = 4;

function instantiate(backend: BackendWasm): Exports {
  const { asm, _malloc } = backend.wasm as unknown as BackendModule;
  const module = new WebAssembly.Module(readFileSync(packageFile('wasm/train.wasm')));
  const instance = new WebAssembly.Instance(module, { env: { memory: asm.memory } });
  const exports = instance.exports as unknown as Exports;
  exports.__stack_pointer.value = _malloc(stackBytes) + stackBytes;
  return exports;
}

/**
 * The kernels in C (kernels/train.c), compiled to WebAssembly SIMD and run in the memory of the
 * TensorFlow.js backend, so that tensors pass between both without a copy. Maps whose channels are
 * no multiple of four fall back to the composed operations.
 *
 * @param backend the backend that is set and ready on this thread
 */
export function wasmKernels(backend: BackendWasm): Kernels {
  const kernels = instantiate(backend);
  const at = (tensor: tf.Tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
  const output = <Kind extends tf.Tensor>(shape: readonly number[]) => {
    const info = backend.makeOutput([...shape], 'float32');
    return tf.engine().makeTensorFromTensorInfo(info) as Kind;
  };
  const perChannel = (x: tf.Tensor4D) => output<tf.Tensor1D>([x.shape[3]]);
  const rowsOf = (x: tf.Tensor4D) => x.size / x.shape[3];
  const fits = (x: tf.Tensor4D) => x.shape[3] % lanes === 0;

  return {
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
      const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, normEpsilon)));
      const offset = tf.sub(beta, tf.mul(mean, scale));
      const y = output<tf.Tensor4D>(x.shape);
      kernels.affine(at(x), at(scale), at(offset), at(y), rowsOf(x), x.shape[3]);
      return y;
    },

    normalizeGradient(x, mean, variance, gamma, dy) {
      if (!fits(x)) return composed.normalizeGradient(x, mean, variance, gamma, dy);
      const inverse = tf.rsqrt(tf.add(variance, normEpsilon));
      const dx = output<tf.Tensor4D>(x.shape);
      const [dGamma, dBeta] = [perChannel(x), perChannel(x)];
      const inputs = [x, dy, mean, inverse, gamma, dx, dGamma, dBeta].map(at);
      kernels.norm_gradient(...inputs, rowsOf(x), x.shape[3]);
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
}
