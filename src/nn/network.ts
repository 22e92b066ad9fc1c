import * as tf from '@tensorflow/tfjs-core';
import { type BlockShape, isPooled, type NetworkShape } from '../model/network.js';
import type { Activations } from '../model/trained.js';
import type { Ops } from './ops.js';

/** Batch norm `name`, in training or inference form. */
export type Normalize = (name: string, x: tf.Tensor4D) => tf.Tensor4D;

/** A parameter of the network by name, as a tensor. */
export interface Tensors {
  channel(name: string): tf.Tensor1D;
  matrix(name: string): tf.Tensor2D;
  filter(name: string): tf.Tensor4D;
}

/**
 * The forward pass of a network: the one definition for training and inference, on every engine.
 * Blocks are those of Bi-Real net (Liu et al., ECCV 2018) with ReActNet's shifts (Liu et al., ECCV
 * 2020); in a VGG network they have no shortcut, and max pooling stands in front of the norm.
 *
 * @param images [N, H, W, C], scaled
 * @returns logits [N, classes]
 */
export function forward(
  shape: NetworkShape,
  ops: Ops,
  tensors: Tensors,
  normalize: Normalize,
  activations: Activations,
  images: tf.Tensor4D,
): tf.Tensor2D {
  let x = stem(shape, ops, tensors, normalize, images);
  for (const block of shape.blocks) {
    const { name, conv } = block;
    const shiftIn = tensors.channel(`${name}.shiftIn`);
    const filter = tensors.filter(`${name}.latent`);
    const convolve = activations === 'binary' ? ops.convolveSigns : ops.convolveReals;
    const product = convolve(x, shiftIn, filter, conv.stride);
    const normal = normalize(`${name}.norm`, isPooled(block) ? ops.maxPool(product, 2) : product);
    x = ops.rprelu(
      normal,
      residual(block, ops, tensors, normalize, x, normal),
      tensors.channel(`${name}.shiftMid`),
      tensors.channel(`${name}.slope`),
      tensors.channel(`${name}.shiftOut`),
    );
  }
  return ops.dense(
    ops.globalAverage(x),
    tensors.matrix('classifier.weight'),
    tensors.channel('classifier.bias'),
  );
}

/** What a block's shortcut adds to `normal`; `x` is the block's input. */
function residual(
  { name, shortcut }: BlockShape,
  ops: Ops,
  tensors: Tensors,
  normalize: Normalize,
  x: tf.Tensor4D,
  normal: tf.Tensor4D,
): tf.Tensor4D {
  switch (shortcut) {
    case 'identity':
      return x;
    case 'downsample':
      return normalize(
        `${name}.shortcut.norm`,
        ops.pointwise(ops.averagePool(x), tensors.matrix(`${name}.shortcut.weight`)),
      );
    case 'none':
      return tf.zeros(normal.shape);
  }
}

function stem(
  shape: NetworkShape,
  ops: Ops,
  tensors: Tensors,
  normalize: Normalize,
  images: tf.Tensor4D,
): tf.Tensor4D {
  const { conv, pool } = shape.stem;
  const padded = withBorder(images, conv.kernel >> 1);
  const product = ops.convolveImages(padded, tensors.filter('stem.weight'), conv.stride);
  const normal = normalize('stem.norm', product);
  return pool ? ops.maxPool(normal, 3) : normal;
}

/** Images in a border of zeros. Rows are padded whole: pixel by pixel, the wasm backend takes long. */
function withBorder(images: tf.Tensor4D, border: number): tf.Tensor4D {
  const [count, height, width, channels] = images.shape;
  const rows = tf.reshape(images, [count, height, width * channels]);
  const sides = border * channels;
  const padded = tf.pad(rows, [[0, 0], [border, border], [sides, sides]]); // biome-ignore format: one matrix
  return tf.reshape(padded, [count, height + 2 * border, width + 2 * border, channels]);
}
