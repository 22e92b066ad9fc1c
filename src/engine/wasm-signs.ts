import * as tf from '@tensorflow/tfjs-core';
import { composed } from '../nn/composed.js';
import { inputGradient } from '../nn/conv-gradient.js';
import type { Kernels } from '../nn/kernels.js';
import { floatSignConvolution, type SignConvolution } from '../nn/sign-convolution.js';
import type { KernelModule } from './wasm-module.js';

/** Channels, and terms of a looked-up sum, that the kernels handle at a time. */
const lanes = 4;
const taps = 9;

const byteBits = 8;
const wordBytes = 8;

/** Bytes of a window of signs, one bit a channel: three rows of whole words. */
function patchBytes(channels: number): number {
  const pixel = Math.ceil(channels / byteBits);
  return 3 * Math.ceil((3 * pixel) / wordBytes) * wordBytes;
}

/** A filter taken apart, as tensors: magnitudes, signs by output and table entries by input. */
interface FilterSigns {
  readonly alpha: tf.Tensor;
  readonly words: tf.Tensor;
  readonly entries: tf.Tensor;
}

/**
 * Binary convolutions on bits and on tables of signed sums (kernels/signs.c). The signs are kept as
 * bytes of four images' bits. A filter of several magnitudes an output, as while weights are real, is
 * convolved in floats; channels that are no multiple of four are left to the composed operations.
 *
 * @param kernels what the convolution in floats is made of
 */
export function signConvolution(
  { kernels: c, at, output, bytes }: KernelModule,
  kernels: Omit<Kernels, keyof SignConvolution>,
): SignConvolution {
  const fits = ({ shape: [, , inputs, outputs] }: tf.Tensor4D) =>
    inputs % lanes === 0 && outputs % lanes === 0;

  /** Null where an output has weights of several magnitudes. */
  function takeApart(filter: tf.Tensor4D): FilterSigns | null {
    const [, , inputs, outputs] = filter.shape;
    const alpha = output([outputs]);
    const words = bytes(outputs * patchBytes(inputs));
    const entries = bytes(taps * inputs * (outputs / lanes) * Uint16Array.BYTES_PER_ELEMENT);
    const pointers = [filter, alpha, words, entries].map(at);
    const binary = c.filter_signs(...pointers, inputs, outputs) === 1;
    return binary ? { alpha, words, entries } : null;
  }

  return {
    convolveSigns(x, shift, filter, stride) {
      if (!fits(filter))
        return floatSignConvolution(composed).convolveSigns(x, shift, filter, stride);
      const [images, height, width, inputs] = x.shape;
      const outputs = filter.shape[3];
      const positions = (height + 2) * (width + 2);
      const signs = bytes(Math.ceil(images / lanes) * positions * inputs);
      const bits = bytes(images * positions * Math.ceil(inputs / byteBits) + wordBytes);
      c.sign_bits(...[x, shift, signs, bits].map(at), images, height, width, inputs);
      const apart = takeApart(filter);
      if (!apart) return [tf.conv2d(kernels.signPad(x, shift), filter, stride, 'valid'), signs];
      const shape = [images, Math.ceil(height / stride), Math.ceil(width / stride), outputs];
      const y = output<tf.Tensor4D>(shape);
      const patch = bytes(patchBytes(inputs));
      const pointers = [bits, apart.words, apart.alpha, y, patch].map(at);
      c.convolve_signs(...pointers, images, height, width, inputs, outputs, stride);
      return [y, signs];
    },

    convolveSignsGradient(x, shift, signs, filter, dy, stride) {
      if (!fits(filter)) {
        const { convolveSignsGradient } = floatSignConvolution(composed);
        return convolveSignsGradient(x, shift, signs, filter, dy, stride);
      }
      const [images, height, width, inputs] = x.shape;
      const sizes = [images, height, width, inputs, filter.shape[3], stride];
      const dFilter = output<tf.Tensor4D>(filter.shape);
      const tables = output([c.sign_filter_scratch(width, stride)]);
      c.sign_filter_gradient(...[signs, dy, dFilter, tables].map(at), ...sizes);
      const apart = takeApart(filter);
      if (!apart) {
        const dSigns = inputGradient(kernels, filter, dy, height, width, stride);
        const [dx, dShift] = kernels.signGradient(x, shift, dSigns);
        return [dx, dShift, dFilter];
      }
      const [dx, dShift] = [output<tf.Tensor4D>(x.shape), output<tf.Tensor1D>(shift.shape)];
      const scratch = output([c.sign_input_scratch(width, inputs, filter.shape[3])]);
      const pointers = [x, shift, dy, apart.entries, apart.alpha, dx, dShift, scratch].map(at);
      c.sign_input_gradient(...pointers, ...sizes);
      return [dx, dShift, dFilter];
    },
  };
}
