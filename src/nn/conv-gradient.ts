import * as tf from '@tensorflow/tfjs-core';
import type { Kernels } from './kernels.js';

/**
 * Gradient of a valid 3x3 convolution to its padded input, without the border: [N, H, W, Cin].
 *
 * Stride 1: the padded output gradient convolved with the flipped, transposed filter. Stride 2: each
 * pixel of a 2x2 cell sees its own taps of the filter, so one 2x2 convolution makes the four pixels
 * as channels and they are unfolded in place (sub-pixel convolution, Shi et al., CVPR 2016).
 *
 * @param kernels make the filter and unfold the cells
 * @param filter [3, 3, Cin, Cout]
 * @param gradient of the output, [N, Ho, Wo, Cout]
 */
export function inputGradient(
  kernels: Pick<Kernels, 'gradientFilter' | 'unfoldCells'>,
  filter: tf.Tensor4D,
  gradient: tf.Tensor4D,
  height: number,
  width: number,
  stride: 1 | 2,
): tf.Tensor4D {
  const bordered = tf.pad(gradient, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const convolved = tf.conv2d(bordered, kernels.gradientFilter(filter, stride), 1, 'valid');
  return stride === 1 ? convolved : kernels.unfoldCells(convolved, height, width);
}

/** `gradientFilter` of {@link Kernels} on the host, for backends whose memory it reads freely. */
export function gradientFilterOnHost(filter: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  const [, , inChannels, outChannels] = filter.shape;
  const values = filter.dataSync<'float32'>();
  if (stride === 1) {
    const flipped = flippedFilter(values, inChannels, outChannels);
    return tf.tensor4d(flipped, [3, 3, outChannels, inChannels]);
  }
  const phases = subPixelFilter(values, inChannels, outChannels);
  return tf.tensor4d(phases, [2, 2, outChannels, 4 * inChannels]);
}

function flippedFilter(filter: Float32Array, inChannels: number, outChannels: number) {
  const flipped = new Float32Array(filter.length);
  const plane = inChannels * outChannels;
  for (let tap = 0; tap < 9; tap++) {
    transposeInto(
      flipped,
      (8 - tap) * plane,
      inChannels,
      filter,
      tap * plane,
      inChannels,
      outChannels,
    );
  }
  return flipped;
}

/** [2, 2, Cout, 2 * 2 * Cin]: which filter tap each pixel of a 2x2 cell takes from each neighbour. */
function subPixelFilter(filter: Float32Array, inChannels: number, outChannels: number) {
  const phases = new Float32Array(16 * inChannels * outChannels);
  const plane = inChannels * outChannels;
  const tapOf = [
    [2, null],
    [0, 1],
  ];
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 2; column++) {
      for (let y = 0; y < 2; y++) {
        for (let x = 0; x < 2; x++) {
          const ky = tapOf[row][y];
          const kx = tapOf[column][x];
          if (ky === null || kx === null) continue;
          const to = (row * 2 + column) * 4 * plane + (y * 2 + x) * inChannels;
          const from = (ky * 3 + kx) * plane;
          transposeInto(phases, to, 4 * inChannels, filter, from, inChannels, outChannels);
        }
      }
    }
  }
  return phases;
}

/** Writes the transpose of `from`'s [rows, columns] matrix with a row pitch of `pitch`. */
function transposeInto(
  to: Float32Array,
  toOffset: number,
  pitch: number,
  from: Float32Array,
  fromOffset: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      to[toOffset + column * pitch + row] = from[fromOffset + row * columns + column];
    }
  }
}
