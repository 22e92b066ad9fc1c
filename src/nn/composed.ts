import * as tf from '@tensorflow/tfjs-core';
import { normEpsilon } from '../model/trained.js';
import type { Kernels } from './kernels.js';
import { bordered, maxPool, type PoolSize } from './max-pool.js';
import { floatSignConvolution, type SignConvolution } from './sign-convolution.js';

const overPositions = [0, 1, 2];

function sumOverPositions(x: tf.Tensor): tf.Tensor1D {
  return tf.sum(x, overPositions);
}

function inverseDeviation(variance: tf.Tensor1D): tf.Tensor1D {
  return tf.rsqrt(tf.add(variance, normEpsilon));
}

/** Each input pixel's share in its window's average: one over the pixels that the window has. */
function windowShares(height: number, width: number): tf.Tensor {
  const along = (size: number) =>
    tf.tensor1d(
      Array.from({ length: size }, (_, i) => (size % 2 === 1 && i === size - 1 ? 1 : 0.5)),
    );
  return tf.reshape(tf.outerProduct(along(height), along(width)), [1, height, width, 1]);
}

/** The pixels of a pooling window, row by row, in a 3x3 window; a 2x2 one is its lower right. */
function tapsOf(size: PoolSize): readonly (readonly [number, number])[] {
  const along = [0, 1, 2].slice(3 - size);
  return along.flatMap((row) => along.map((column) => [row, column] as const));
}

const parts: Omit<Kernels, keyof SignConvolution> = {
  signPad(x, shift) {
    const shifted = tf.add(x, shift);
    const one = tf.onesLike(shifted);
    const signs = tf.where(tf.greaterEqual(shifted, 0), one, tf.neg(one)) as tf.Tensor4D;
    return tf.pad(signs, [[0, 0], [1, 1], [1, 1], [0, 0]], -1); // biome-ignore format: one matrix
  },

  signGradient(x, shift, dy) {
    const slope = tf.relu(tf.sub(2, tf.mul(2, tf.abs(tf.add(x, shift)))));
    const dx = tf.mul(dy, slope) as tf.Tensor4D;
    return [dx, sumOverPositions(dx)];
  },

  moments(x) {
    const { mean, variance } = tf.moments(x, overPositions);
    return { mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
  },

  normalize(x, mean, variance, gamma, beta) {
    const scale = tf.mul(gamma, inverseDeviation(variance));
    return tf.add(tf.mul(tf.sub(x, mean), scale), beta) as tf.Tensor4D;
  },

  normalizeGradient(x, mean, variance, gamma, dy) {
    const count = x.size / gamma.size;
    const inverse = inverseDeviation(variance);
    const standard = tf.mul(tf.sub(x, mean), inverse);
    const dGamma = sumOverPositions(tf.mul(dy, standard));
    const dBeta = sumOverPositions(dy);
    const common = tf.div(tf.add(dBeta, tf.mul(standard, dGamma)), count);
    const dx = tf.mul(tf.mul(gamma, inverse), tf.sub(dy, common)) as tf.Tensor4D;
    return [dx, dGamma, dBeta];
  },

  rprelu(x, residual, mid, slope, out) {
    const shifted = tf.add(tf.add(x, residual), mid);
    const activated = tf.add(tf.relu(shifted), tf.mul(tf.minimum(shifted, 0), slope));
    return tf.add(activated, out) as tf.Tensor4D;
  },

  rpreluGradient(x, residual, mid, slope, dy) {
    const shifted = tf.add(tf.add(x, residual), mid);
    const isNegative = tf.cast(tf.less(shifted, 0), 'float32');
    const dx = tf.mul(dy, tf.add(1, tf.mul(isNegative, tf.sub(slope, 1)))) as tf.Tensor4D;
    const dSlope = sumOverPositions(tf.mul(dy, tf.minimum(shifted, 0)));
    return [dx, sumOverPositions(dx), dSlope, sumOverPositions(dy)];
  },

  averagePool(x) {
    const [images, height, width, channels] = x.shape;
    const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    const even = tf.pad(tf.mul(x, windowShares(height, width)), [
      [0, 0],
      [0, 2 * rows - height],
      [0, 2 * columns - width],
      [0, 0],
    ]);
    const overRows = tf.sum(tf.reshape(even, [images, rows, 2, columns, 2 * channels]), 2);
    return tf.sum(tf.reshape(overRows, [images, rows, columns, 2, channels]), 3) as tf.Tensor4D;
  },

  averagePoolGradient(dy, height, width) {
    const [images, , , channels] = dy.shape;
    const spread = tf.depthToSpace(tf.concat([dy, dy, dy, dy], 3), 2, 'NHWC');
    const inside = tf.slice(spread, [0, 0, 0, 0], [images, height, width, channels]);
    return tf.mul(inside, windowShares(height, width)) as tf.Tensor4D;
  },

  maxPoolGradient(x, dy, size) {
    const [, height, width] = x.shape;
    const [, rows, columns] = dy.shape;
    const padded = bordered(x, 3);
    const largest = maxPool(x, size);
    const cells: (tf.Tensor | null)[] = [null, null, null, null];
    const none = tf.zerosLike(dy);
    let open: tf.Tensor = tf.cast(tf.onesLike(dy), 'bool');
    for (const [row, column] of tapsOf(size)) {
      const end = [x.shape[0], row + 2 * rows - 1, column + 2 * columns - 1, x.shape[3]];
      const pixels = tf.stridedSlice(padded, [0, row, column, 0], end, [1, 2, 2, 1]);
      const isFirst = tf.logicalAnd(tf.equal(pixels, largest), open);
      open = tf.logicalAnd(open, tf.logicalNot(isFirst));
      const [down, right] = [row >> 1, column >> 1];
      const share = tf.pad(tf.where(isFirst, dy, none) as tf.Tensor4D, [
        [0, 0],
        [down, 1 - down],
        [right, 1 - right],
        [0, 0],
      ]);
      const pixel = 2 * (row % 2) + (column % 2);
      const sum = cells[pixel];
      cells[pixel] = sum === null ? share : tf.add(sum, share);
    }
    const found = cells.filter((cell) => cell !== null);
    return parts.unfoldCells(tf.concat(found, 3) as tf.Tensor4D, height, width);
  },

  gradientFilter(filter, stride) {
    if (stride === 1) return tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    const [, , inChannels, outChannels] = filter.shape;
    const even = tf.pad(filter, [[0, 1], [0, 1], [0, 0], [0, 0]]); // biome-ignore format: one matrix
    const swapHalves = (x: tf.Tensor, axis: number) =>
      tf.concat(tf.split(x, 2, axis).reverse(), axis);
    const taps = swapHalves(swapHalves(even, 0), 1);
    const cells = tf.reshape(taps, [2, 2, 2, 2, inChannels, outChannels]);
    const byOutput = tf.transpose(cells, [0, 2, 5, 1, 3, 4]);
    return tf.reshape(byOutput, [2, 2, outChannels, 4 * inChannels]);
  },

  unfoldCells(cells, height, width) {
    const [images, , , pixels] = cells.shape;
    const unfolded = tf.depthToSpace(cells, 2, 'NHWC');
    return tf.slice(unfolded, [0, 1, 1, 0], [images, height, width, pixels / 4]);
  },

  /** A convolution itself: channels act as images, images as channels, `dy` as the filter. */
  filterGradient(padded, dy, kernel, stride) {
    const channelsAsImages = tf.transpose(padded, [3, 1, 2, 0]);
    const asFilter = tf.transpose(dy, [1, 2, 0, 3]);
    const taps = tf.conv2d(channelsAsImages, asFilter, 1, 'valid', 'NHWC', stride);
    const [inChannels, , , outChannels] = taps.shape;
    const used = tf.slice(taps, [0, 0, 0, 0], [inChannels, kernel, kernel, outChannels]);
    return tf.transpose(used, [1, 2, 0, 3]);
  },
};

/** {@link Kernels} composed of TensorFlow.js operations: run on every backend. */
export const composed: Kernels = { ...parts, ...floatSignConvolution(parts) };
