import type { MapShape } from '../model/network.js';

/**
 * Prepares max pooling of stride 2 from a map of shape `input` to `pooled`, [ceil(height / 2),
 * ceil(width / 2), channels]: 2x2 windows, or 3x3 ones with a padding of 1. Taps outside of the map
 * are left out.
 */
export function prepareMaxPool<Values extends Int16Array | Int32Array>(
  input: MapShape,
  size: 2 | 3,
  pooled: Values,
): (x: Values) => void {
  const { height, width, channels } = input;
  const first = size === 3 ? -1 : 0;
  const rows = Math.ceil(height / 2);
  const columns = Math.ceil(width / 2);
  return (x) => {
    let to = 0;
    for (let row = 0; row < rows; row++) {
      const top = Math.max(0, 2 * row + first);
      const bottom = Math.min(height - 1, 2 * row + 1);
      for (let column = 0; column < columns; column++) {
        const left = Math.max(0, 2 * column + first);
        const right = Math.min(width - 1, 2 * column + 1);
        for (let c = 0; c < channels; c++) {
          let largest = x[(top * width + left) * channels + c];
          for (let y = top; y <= bottom; y++) {
            for (let at = y * width + left; at <= y * width + right; at++) {
              largest = Math.max(largest, x[at * channels + c]);
            }
          }
          pooled[to++] = largest;
        }
      }
    }
  };
}
