import * as tf from '@tensorflow/tfjs-core';

/** Side of a pooling window: 3 reaches one pixel around the corner pixels of 2. Stride 2 both. */
export type PoolSize = 2 | 3;

/** Of float32: never the largest of a window that has a pixel. */
const lowest = -3.4028234663852886e38;

/** Rows (or columns) of a border that a window of `size` reaches into, before the map and behind. */
function border(size: PoolSize, length: number): [number, number] {
  return size === 3 ? [1, 1] : [0, length % 2];
}

/** A border that does not count: not every backend pools with one of its own. */
export function bordered(x: tf.Tensor4D, size: PoolSize): tf.Tensor4D {
  const [, height, width] = x.shape;
  return tf.pad(x, [[0, 0], border(size, height), border(size, width), [0, 0]], lowest);
}

/** Max pooling of stride 2; pixels beyond the edge do not count. 3x3 windows have a padding of 1. */
export function maxPool(x: tf.Tensor4D, size: PoolSize): tf.Tensor4D {
  return tf.maxPool(bordered(x, size), size, 2, 'valid');
}

/** Gradient of {@link maxPool} in one pass on the host, for backends whose memory it reads freely. */
export function maxPoolGradientOnHost(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  size: PoolSize,
): tf.Tensor4D {
  const [images, height, width, channels] = x.shape;
  const [, rows, columns] = dy.shape;
  const first = size === 3 ? -1 : 0;
  const values = x.dataSync<'float32'>();
  const gradients = dy.dataSync<'float32'>();
  const dx = new Float32Array(values.length);
  let output = 0;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      const [top, bottom] = [Math.max(0, 2 * row + first), Math.min(height, 2 * row + 2)];
      for (let column = 0; column < columns; column++) {
        const [left, right] = [Math.max(0, 2 * column + first), Math.min(width, 2 * column + 2)];
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
