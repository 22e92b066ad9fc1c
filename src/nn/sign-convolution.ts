import * as tf from '@tensorflow/tfjs-core';
import { inputGradient } from './conv-gradient.js';
import type { Kernels } from './kernels.js';

/** The two kernels that are a binary convolution and its gradients. */
export type SignConvolution = Pick<Kernels, 'convolveSigns' | 'convolveSignsGradient'>;

/** What a binary convolution is made of where signs are kept as floats. */
type Parts = Pick<
  Kernels,
  'signPad' | 'signGradient' | 'gradientFilter' | 'unfoldCells' | 'filterGradient'
>;

/** A binary convolution by the convolutions of TensorFlow.js: the signs are padded maps of floats. */
export function floatSignConvolution(kernels: Parts): SignConvolution {
  return {
    convolveSigns(x, shift, filter, stride) {
      const signs = kernels.signPad(x, shift);
      return [tf.conv2d(signs, filter, stride, 'valid'), signs];
    },

    convolveSignsGradient(x, shift, signs, filter, dy, stride) {
      const [, height, width] = x.shape;
      const dSigns = inputGradient(kernels, filter, dy, height, width, stride);
      const [dx, dShift] = kernels.signGradient(x, shift, dSigns);
      return [dx, dShift, kernels.filterGradient(signs as tf.Tensor4D, dy, 3, stride)];
    },
  };
}
