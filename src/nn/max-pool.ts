import * as tf from '@tensorflow/tfjs-core';

/** Of float32: never the largest of a window that has a pixel. */
const lowest = -3.4028234663852886e38;

/** A border that does not count: not every backend pools with one of its own. */
export function bordered(x: tf.Tensor4D): tf.Tensor4D {
  return tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], lowest); // biome-ignore format: one matrix
}

/** 3x3 max pooling of stride 2; pixels beyond the edge do not count. */
export function maxPool(x: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(bordered(x), 3, 2, 'valid');
}

/** Gradient of {@link maxPool} in one pass on the host, for backends whose memory it reads freely. */
export function maxPoolGradientOnHost(x: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor4D {
  const [images, height, width, channels] = x.shape;
  const [, rows, columns] = dy.shape;
  const values = x.dataSync<'float32'>();
  const gradients = dy.dataSync<'float32'>();
  const dx = new Float32Array(values.length);
  let output = 0;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      const [top, bottom] = [Math.max(0, 2 * row - 1), Math.min(height, 2 * row + 2)];
      for (let column = 0; column < columns; column++) {
        const [left, right] = [Math.max(0, 2 * column - 1), Math.min(width, 2 * column + 2)];
        for (let c = 0; c < channels; c++) {
          const at = (y: number, x: number) => ((image * height + y) * width + x) * channels + c;
          let largest = at(top, left);
          for (let y = top; y < bottom; y++) {
            for (let x = left; x < right; x++) {
              if (values[at(y, x)] > values[largest]) largest = at(y, x);
            }
          }
          dx[largest] += gradients[output++];
        }
      }
    }
  }
  return tf.tensor4d(dx, x.shape);
}
