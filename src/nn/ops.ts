import * as tf from '@tensorflow/tfjs-core';
import { inputGradient } from './conv-gradient.js';
import type { Kernels } from './kernels.js';
import { maxPool, type PoolSize } from './max-pool.js';

/** A batch norm's output and the batch's statistics, per channel. */
export interface Normalized {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  /** Biased: the mean squared deviation. */
  readonly variance: tf.Tensor1D;
}

/** The differentiable operations that a network is made of; see {@link opsOf}. */
export type Ops = ReturnType<typeof opsOf>;

type Save = tf.GradSaveFunc;

const border: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

function asPointwise(x: tf.Tensor4D, weight: tf.Tensor2D): tf.Tensor4D {
  return tf.conv2d(x, tf.reshape(weight, [1, 1, ...weight.shape]), 1, 'valid');
}

function matrixProduct(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [x, weight, save] = args as [tf.Tensor2D, tf.Tensor2D, Save];
    save([x, weight]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
      const gradient = dy as tf.Tensor2D;
      return [tf.matMul(gradient, weight, false, true), tf.matMul(x, gradient, true, false)];
    };
    return { value: tf.matMul(x, weight), gradFunc };
  });
  return op(x, weight) as tf.Tensor2D;
}

/**
 * Makes the operations, each with its gradient, out of an engine's kernels and TensorFlow.js
 * convolutions. Every gradient is stated here: none of TensorFlow.js' registered ones is used. Maps
 * are [images, height, width, channels].
 */
export function opsOf(kernels: Kernels) {
  return {
    /** Valid convolution of padded images, which need no gradient; filter [k, k, C, Cout]. */
    convolveImages(padded: tf.Tensor4D, filter: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [filter, save] = args as [tf.Tensor4D, Save];
        save([padded]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [padded] = saved as [tf.Tensor4D];
          return kernels.filterGradient(padded, dy as tf.Tensor4D, filter.shape[0], stride);
        };
        return { value: tf.conv2d(padded, filter, stride, 'valid'), gradFunc };
      });
      return op(filter) as tf.Tensor4D;
    },

    /** Binary convolution: sign(x + shift), padded with -1, by a 3x3 filter [3, 3, Cin, Cout]. */
    convolveSigns(
      x: tf.Tensor4D,
      shift: tf.Tensor1D,
      filter: tf.Tensor4D,
      stride: 1 | 2,
    ): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [x, shift, filter, save] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor4D, Save];
        const [y, signs] = kernels.convolveSigns(x, shift, filter, stride);
        save([x, shift, signs, filter]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, shift, signs, filter] = saved as [
            tf.Tensor4D,
            tf.Tensor1D,
            tf.Tensor,
            tf.Tensor4D,
          ];
          const gradient = dy as tf.Tensor4D;
          return [...kernels.convolveSignsGradient(x, shift, signs, filter, gradient, stride)];
        };
        return { value: y, gradFunc };
      });
      return op(x, shift, filter) as tf.Tensor4D;
    },

    /** The same for real activations: x + shift, padded with 0. */
    convolveReals(
      x: tf.Tensor4D,
      shift: tf.Tensor1D,
      filter: tf.Tensor4D,
      stride: 1 | 2,
    ): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [x, shift, filter, save] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor4D, Save];
        const padded = tf.pad(tf.add(x, shift) as tf.Tensor4D, border);
        save([padded, filter]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [padded, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
          const gradient = dy as tf.Tensor4D;
          const [, height, width] = padded.shape;
          const dx = inputGradient(kernels, filter, gradient, height - 2, width - 2, stride);
          const dShift = tf.sum(dx, [0, 1, 2]);
          return [dx, dShift, kernels.filterGradient(padded, gradient, 3, stride)];
        };
        return { value: tf.conv2d(padded, filter, stride, 'valid'), gradFunc };
      });
      return op(x, shift, filter) as tf.Tensor4D;
    },

    /** Batch norm over images and positions, by the statistics of this batch. */
    batchNorm(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): Normalized {
      const { mean, variance } = kernels.moments(x);
      const op = tf.customGrad((...args) => {
        const [x, gamma, beta, save] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, Save];
        save([x, mean, variance, gamma]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, mean, variance, gamma] = saved as [
            tf.Tensor4D,
            tf.Tensor1D,
            tf.Tensor1D,
            tf.Tensor1D,
          ];
          return [...kernels.normalizeGradient(x, mean, variance, gamma, dy as tf.Tensor4D)];
        };
        return { value: kernels.normalize(x, mean, variance, gamma, beta), gradFunc };
      });
      return { y: op(x, gamma, beta) as tf.Tensor4D, mean, variance };
    },

    /** ReActNet's RPReLU behind a shortcut: prelu(x + residual + mid, slope) + out. */
    rprelu(
      x: tf.Tensor4D,
      residual: tf.Tensor4D,
      mid: tf.Tensor1D,
      slope: tf.Tensor1D,
      out: tf.Tensor1D,
    ): tf.Tensor4D {
      type Inputs = [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
      const op = tf.customGrad((...args) => {
        const [x, residual, mid, slope, out, save] = args as [...Inputs, tf.Tensor1D, Save];
        save([x, residual, mid, slope]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const inputs = saved as Inputs;
          const [dx, ...perChannel] = kernels.rpreluGradient(...inputs, dy as tf.Tensor4D);
          return [dx, dx, ...perChannel];
        };
        return { value: kernels.rprelu(x, residual, mid, slope, out), gradFunc };
      });
      return op(x, residual, mid, slope, out) as tf.Tensor4D;
    },

    /** 2x2 average pooling of stride 2; edge windows of odd maps average the pixels they have. */
    averagePool(x: tf.Tensor4D): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [x] = args as [tf.Tensor4D];
        const [, height, width] = x.shape;
        const gradFunc = (dy: tf.Tensor) =>
          kernels.averagePoolGradient(dy as tf.Tensor4D, height, width);
        return { value: kernels.averagePool(x), gradFunc };
      });
      return op(x) as tf.Tensor4D;
    },

    /** Max pooling of stride 2, 3x3 with padding 1 or 2x2; see nn/max-pool.ts. */
    maxPool(x: tf.Tensor4D, size: PoolSize): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor4D, Save];
        save([x]);
        const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) =>
          kernels.maxPoolGradient(x as tf.Tensor4D, dy as tf.Tensor4D, size);
        return { value: maxPool(x, size), gradFunc };
      });
      return op(x) as tf.Tensor4D;
    },

    /** 1x1 convolution; weight [Cin, Cout]. */
    pointwise(x: tf.Tensor4D, weight: tf.Tensor2D): tf.Tensor4D {
      const op = tf.customGrad((...args) => {
        const [x, weight, save] = args as [tf.Tensor4D, tf.Tensor2D, Save];
        save([x, weight]);
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, weight] = saved as [tf.Tensor4D, tf.Tensor2D];
          const gradient = dy as tf.Tensor4D;
          const dWeight = kernels.filterGradient(x, gradient, 1, 1);
          return [asPointwise(gradient, tf.transpose(weight)), tf.reshape(dWeight, weight.shape)];
        };
        return { value: asPointwise(x, weight), gradFunc };
      });
      return op(x, weight) as tf.Tensor4D;
    },

    /** Mean over all positions, [images, channels]. */
    globalAverage(x: tf.Tensor4D): tf.Tensor2D {
      const [images, height, width, channels] = x.shape;
      const op = tf.customGrad((...args) => {
        const [x] = args as [tf.Tensor4D];
        const gradFunc = (dy: tf.Tensor) => {
          const share = tf.fill([1, height, width, 1], 1 / (height * width));
          return tf.mul(tf.reshape(dy, [images, 1, 1, channels]), share);
        };
        return { value: tf.mean(x, [1, 2]), gradFunc };
      });
      return op(x) as tf.Tensor2D;
    },

    /** x weight + bias; weight [inputs, outputs]. */
    dense(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
      const op = tf.customGrad((...args) => {
        const [x, bias] = args as [tf.Tensor2D, tf.Tensor1D];
        return { value: tf.add(x, bias), gradFunc: (dy: tf.Tensor) => [dy, tf.sum(dy, 0)] };
      });
      return op(matrixProduct(x, weight), bias) as tf.Tensor2D;
    },
  };
}
