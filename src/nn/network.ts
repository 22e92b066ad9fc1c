import * as tf from '@tensorflow/tfjs-core';
import type { NetworkShape } from '../model/network.js';
import type { Ops } from './ops.js';

/** Batch norm `name`, in training or inference form. */
export type Normalize = (name: string, x: tf.Tensor4D) => tf.Tensor4D;

/** A parameter of the network by name, as a tensor. */
export interface Tensors {
  channel(name: string): tf.Tensor1D;
  matrix(name: string): tf.Tensor2D;
  filter(name: string): tf.Tensor4D;
}

/** Whether the binary convolutions see the signs of their input or the input itself. */
export type Activations = 'binary' | 'real';

/**
 * The forward pass of a Bi-Real network (Bi-Real net, Liu et al., ECCV 2018, with ReActNet's shifts,
 * Liu et al., ECCV 2020): the one definition for training and inference, on every engine.
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
  for (const { name, conv, shortcut } of shape.blocks) {
    const shiftIn = tensors.channel(`${name}.shiftIn`);
    const filter = tensors.filter(`${name}.latent`);
    const convolve = activations === 'binary' ? ops.convolveSigns : ops.convolveReals;
    const product = convolve(x, shiftIn, filter, conv.stride);
    const residual =
      shortcut === 'identity'
        ? x
        : normalize(
            `${name}.shortcut.norm`,
            ops.pointwise(ops.averagePool(x), tensors.matrix(`${name}.shortcut.weight`)),
          );
    x = ops.rprelu(
      normalize(`${name}.norm`, product),
      residual,
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

function stem(
  shape: NetworkShape,
  ops: Ops,
  tensors: Tensors,
  normalize: Normalize,
  images: tf.Tensor4D,
): tf.Tensor4D {
  const { conv, pool } = shape.stem;
  const border = conv.kernel >> 1;
  const padded = tf.pad(images, [
    [0, 0],
    [border, border],
    [border, border],
    [0, 0],
  ]);
  const product = ops.convolveImages(padded, tensors.filter('stem.weight'), conv.stride);
  const normal = normalize('stem.norm', product);
  return pool ? ops.maxPool(normal) : normal;
}
