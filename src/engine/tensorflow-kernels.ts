import * as tf from '@tensorflow/tfjs-core';
import { normEpsilon } from '../model/trained.js';
import { composed } from '../nn/composed.js';
import type { Kernels } from '../nn/kernels.js';
import { floatSignConvolution } from '../nn/sign-convolution.js';

/** The backend's way to any operation of libtensorflow, by its name. */
interface Operations {
  readonly binding: Readonly<Record<`TF_ATTR_${string}` | 'TF_FLOAT', number>>;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}

/**
 * {@link Kernels} on libtensorflow: its own operations where one of them does what is composed of
 * several elsewhere. `onGpu`: cuDNN's batch norm saves other values than the CPU's, so its gradient
 * stays composed.
 */
export function tensorflowKernels(onGpu: boolean): Kernels {
  const backend = tf.backend() as unknown as Operations;
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_STRING, TF_ATTR_BOOL, TF_FLOAT } = backend.binding;

  const ofBias = (name: 'BiasAdd' | 'BiasAddGrad', inputs: readonly tf.Tensor[]) => {
    const attributes = [
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
    ];
    return backend.executeMultipleOutputs(name, attributes, inputs, 1)[0];
  };
  /** A map plus one value a channel: faster than a sum that is broadcast. */
  const shifted = (x: tf.Tensor, shift: tf.Tensor1D) =>
    ofBias('BiasAdd', [x, shift]) as tf.Tensor4D;
  const sumOverPositions = (x: tf.Tensor) => ofBias('BiasAddGrad', [x]) as tf.Tensor1D;

  const normalizeGradient: Kernels['normalizeGradient'] = (x, mean, variance, gamma, dy) => {
    const attributes = [
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'U', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'epsilon', type: TF_ATTR_FLOAT, value: normEpsilon },
      { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
      { name: 'is_training', type: TF_ATTR_BOOL, value: true },
    ];
    const inputs = [dy, x, gamma, mean, variance, tf.zeros([0])];
    const [dx, dGamma, dBeta] = backend.executeMultipleOutputs(
      'FusedBatchNormGradV3',
      attributes,
      inputs,
      5,
    );
    return [dx as tf.Tensor4D, dGamma as tf.Tensor1D, dBeta as tf.Tensor1D];
  };

  const kernels: Kernels = {
    ...composed,
    ...(onGpu ? {} : { normalizeGradient }),

    signGradient(x, shift, dy) {
      const slope = tf.relu(tf.sub(2, tf.mul(2, tf.abs(shifted(x, shift)))));
      const dx = tf.mul(dy, slope) as tf.Tensor4D;
      return [dx, sumOverPositions(dx)];
    },

    normalize(x, mean, variance, gamma, beta) {
      return tf.batchNorm4d(x, mean, variance, beta, gamma, normEpsilon);
    },

    rprelu(x, residual, mid, slope, out) {
      const sum = shifted(tf.add(x, residual), mid);
      const activated = tf.where(tf.less(sum, 0), tf.mul(sum, slope), sum);
      return shifted(activated, out);
    },

    rpreluGradient(x, residual, mid, slope, dy) {
      const sum = shifted(tf.add(x, residual), mid);
      const dx = tf.where(tf.less(sum, 0), tf.mul(dy, slope), dy) as tf.Tensor4D;
      const dSlope = sumOverPositions(tf.mul(dy, tf.minimum(sum, 0)));
      return [dx, sumOverPositions(dx), dSlope, sumOverPositions(dy)];
    },

    filterGradient(padded, dy, kernel, stride) {
      const filterShape = [kernel, kernel, padded.shape[3], dy.shape[3]];
      const attributes = { strides: stride, pad: 'valid', dataFormat: 'NHWC', filterShape };
      return tf.engine().runKernel('Conv2DBackpropFilter', { x: padded, dy }, attributes);
    },
  };
  return { ...kernels, ...floatSignConvolution(kernels) };
}
