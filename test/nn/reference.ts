/** The operations of a network in float64, each by its definition, one loop a sum. */

/** A feature map, [images, height, width, channels]. */
export interface Maps {
  readonly shape: readonly [number, number, number, number];
  readonly values: Float64Array;
}

export function maps(shape: Maps['shape'], values: ArrayLike<number>): Maps {
  return { shape, values: Float64Array.from(values) };
}

/** The map of `shape` whose element at (image, row, column, channel) is `value` of it. */
export function mapOf(
  shape: Maps['shape'],
  value: (n: number, y: number, x: number, c: number) => number,
): Maps {
  const [images, height, width, channels] = shape;
  const values = new Float64Array(images * height * width * channels);
  let i = 0;
  for (let n = 0; n < images; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) values[i++] = value(n, y, x, c);
      }
    }
  }
  return { shape, values };
}

export function at({ shape, values }: Maps, n: number, y: number, x: number, c: number): number {
  const [, height, width, channels] = shape;
  return values[((n * height + y) * width + x) * channels + c];
}

/** The map with `change` applied to every element, which also learns the element's channel. */
function eachElement(map: Maps, change: (value: number, channel: number) => number): Maps {
  return mapOf(map.shape, (n, y, x, c) => change(at(map, n, y, x, c), c));
}

/** All elements of one channel. */
function channel(map: Maps, c: number): Float64Array {
  return map.values.filter((_, i) => i % map.shape[3] === c);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** `map` + shift, shift per channel. */
export function shifted(map: Maps, shift: ArrayLike<number>): Maps {
  return eachElement(map, (value, c) => value + shift[c]);
}

export function signs(map: Maps): Maps {
  return eachElement(map, (value) => (value >= 0 ? 1 : -1));
}

/** Derivative of the piecewise quadratic -1; x^2 + 2x; -x^2 + 2x; 1 with breaks at -1, 0 and 1. */
export function signSlope(x: number): number {
  if (x < -1 || x >= 1) return 0;
  return x < 0 ? 2 * x + 2 : -2 * x + 2;
}

/** Convolution with a border of kernel >> 1 pixels of value `fill`; filter [k, k, Cin, Cout]. */
export function convolve(
  map: Maps,
  filter: ArrayLike<number>,
  kernel: number,
  outputs: number,
  stride: number,
  fill: number,
): Maps {
  const [images, height, width, inputs] = map.shape;
  const border = kernel >> 1;
  const out = [images, Math.ceil(height / stride), Math.ceil(width / stride), outputs] as const;
  return mapOf(out, (n, y, x, o) => {
    let sum = 0;
    for (let ky = 0; ky < kernel; ky++) {
      for (let kx = 0; kx < kernel; kx++) {
        const [row, column] = [y * stride + ky - border, x * stride + kx - border];
        const isInside = row >= 0 && row < height && column >= 0 && column < width;
        const pixel = ((n * height + row) * width + column) * inputs;
        const tap = (ky * kernel + kx) * inputs;
        for (let c = 0; c < inputs; c++) {
          const value = isInside ? map.values[pixel + c] : fill;
          sum += value * filter[(tap + c) * outputs + o];
        }
      }
    }
    return sum;
  });
}

/** Mean and biased variance of every channel. */
export function moments(map: Maps): { mean: number[]; variance: number[] } {
  const channels = Array.from({ length: map.shape[3] }, (_, c) => channel(map, c));
  const means = channels.map(mean);
  const variance = channels.map((own, c) => mean(own.map((value) => (value - means[c]) ** 2)));
  return { mean: means, variance };
}

export function normalize(
  map: Maps,
  { mean, variance }: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
): Maps {
  return eachElement(
    map,
    (value, c) => (gamma[c] * (value - mean[c])) / Math.sqrt(variance[c] + 1e-5) + beta[c],
  );
}

/** prelu(map + residual + mid, slope) + out. */
export function rprelu(
  map: Maps,
  residual: Maps,
  mid: ArrayLike<number>,
  slope: ArrayLike<number>,
  out: ArrayLike<number>,
): Maps {
  return mapOf(map.shape, (n, y, x, c) => {
    const value = at(map, n, y, x, c) + at(residual, n, y, x, c) + mid[c];
    return (value >= 0 ? value : slope[c] * value) + out[c];
  });
}

/** Windows of `size` pixels from `start` on, reduced to one value over the pixels that exist. */
function pool(
  { shape }: Maps,
  size: number,
  start: number,
  reduce: (pixels: (map: Maps) => number[]) => number,
): Maps {
  const [images, height, width, channels] = shape;
  const out = [images, Math.ceil(height / 2), Math.ceil(width / 2), channels] as const;
  return mapOf(out, (n, y, x, c) => {
    const window: [number, number][] = [];
    for (let row = 2 * y + start; row < 2 * y + start + size; row++) {
      for (let column = 2 * x + start; column < 2 * x + start + size; column++) {
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        window.push([row, column]);
      }
    }
    return reduce((map) => window.map(([row, column]) => at(map, n, row, column, c)));
  });
}

/** 2x2 average pooling of stride 2. */
export function averagePool(map: Maps): Maps {
  return pool(map, 2, 0, (pixels) => mean(pixels(map)));
}

/**
 * Max pooling of stride 2: 3x3 with padding 1, or 2x2. Of each window it takes the pixel at which
 * `judge` is largest, the first of several: judged by another map than itself it is linear.
 */
export function maxPool(map: Maps, size: 2 | 3, judge = map): Maps {
  return pool(map, size, size === 3 ? -1 : 0, (pixels) => {
    const judged = pixels(judge);
    return pixels(map)[judged.indexOf(Math.max(...judged))];
  });
}

/** Mean over positions, [images][channels]. */
export function globalAverage(map: Maps): number[][] {
  const [images, height, width, channels] = map.shape;
  return Array.from({ length: images }, (_, n) => {
    const size = height * width * channels;
    const image = maps([1, height, width, channels], map.values.slice(n * size, (n + 1) * size));
    return Array.from({ length: channels }, (_, c) => mean(channel(image, c)));
  });
}

/** weight [inputs, outputs]. */
export function dense(
  rows: readonly number[][],
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
): number[][] {
  return rows.map((row) =>
    Array.from(bias, (b, o) => row.reduce((sum, x, i) => sum + x * weight[i * bias.length + o], b)),
  );
}

export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const exponentials = logits.map((z) => Math.exp(z - top));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/**
 * Mean over images of -log softmax(logits)[label]; smoothed, that of a label which is any class with
 * probability `smoothing`.
 */
export function crossEntropy(
  logits: readonly number[][],
  labels: ArrayLike<number>,
  smoothing = 0,
): number {
  return mean(
    logits.map((row, i) => {
      const top = Math.max(...row);
      const logSum = Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0));
      const ofClass = row.map((z) => logSum - (z - top));
      return (1 - smoothing) * ofClass[labels[i]] + smoothing * mean(ofClass);
    }),
  );
}

/** Central difference of a scalar function in one element of `input`, which is left as it was. */
export function difference(
  loss: (input: Float64Array) => number,
  input: Float64Array,
  i: number,
  step: number,
): number {
  const value = input[i];
  input[i] = value + step;
  const above = loss(input);
  input[i] = value - step;
  const below = loss(input);
  input[i] = value;
  return (above - below) / (2 * step);
}

/** Central differences of a scalar function with respect to every element of every input. */
export function numericGradients(
  loss: (...inputs: Float64Array[]) => number,
  inputs: readonly ArrayLike<number>[],
): number[][] {
  const held = inputs.map((input) => Float64Array.from(input));
  return held.map((input) =>
    Array.from(input, (_, i) => difference(() => loss(...held), input, i, 1e-5)),
  );
}

/** Sum of products: turns a map into the scalar whose gradient at the map is `weights`. */
export function weigh({ values }: Maps, weights: ArrayLike<number>): number {
  return values.reduce((sum, value, i) => sum + value * weights[i], 0);
}
