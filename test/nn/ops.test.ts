import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type Ops, opsOf } from '../../src/nn/ops.js';
import { expectClose, normals } from '../support/numbers.js';
import { bothKernels, valuesOf } from './engines.js';
import * as reference from './reference.js';
import { maps, numericGradients, weigh } from './reference.js';

/** Rounding of float32 sums of up to a few hundred terms. */
const tolerance = 2e-5;

const kernels = await bothKernels();

/** Value and gradients of an operation, weighed by normal deviates, on the engine. */
function evaluate(op: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly tf.Tensor[]) {
  const [value] = valuesOf(() => op(...inputs));
  const weights = normals(value.length, 77);
  const gradients = valuesOf(() => {
    const shape = op(...inputs).shape;
    return tf.grads(op)([...inputs], tf.tensor(weights, shape));
  });
  return { value, weights, gradients };
}

type Shape4 = reference.Maps['shape'];

function normalTensor(shape: readonly number[], seed: number) {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(normals(size, seed), [...shape]);
}

function expectGradients(actual: readonly Float32Array[], expected: readonly number[][]) {
  actual.forEach((gradient, i) => {
    expectClose(gradient, expected[i], tolerance, `gradient of input ${i}`);
  });
}

/** Even and odd sizes, both strides, channels that the fused kernels take and that they leave. */
const convolutions = [
  { shape: [2, 6, 4, 4], outputs: 8, stride: 1 },
  { shape: [2, 5, 7, 4], outputs: 4, stride: 1 },
  { shape: [2, 6, 4, 4], outputs: 8, stride: 2 },
  { shape: [2, 5, 7, 4], outputs: 8, stride: 2 },
  { shape: [2, 7, 4, 4], outputs: 4, stride: 2 },
  { shape: [1, 1, 1, 4], outputs: 4, stride: 2 },
  { shape: [2, 5, 4, 3], outputs: 5, stride: 1 },
  { shape: [2, 4, 5, 3], outputs: 5, stride: 2 },
  { shape: [2, 5, 5, 3], outputs: 4, stride: 2 },
  { shape: [2, 5, 5, 4], outputs: 3, stride: 2 },
] as const satisfies readonly { shape: Shape4; outputs: number; stride: 1 | 2 }[];

describe.each([
  { name: 'composed', ops: opsOf(kernels.composed) },
  { name: 'fused', ops: opsOf(kernels.fused) },
])('$name operations', ({ ops }: { ops: Ops }) => {
  describe.each(convolutions)('convolving $shape to $outputs, stride $stride', (plan) => {
    const { shape, outputs, stride } = plan;
    const inputs = shape[3];
    const x = normalTensor(shape, 1);
    const shift = normalTensor([inputs], 2);
    const filter = normalTensor([3, 3, inputs, outputs], 3);
    const raw = [x, shift, filter].map((tensor) => tensor.dataSync());

    test('real activations', () => {
      const { value, weights, gradients } = evaluate(
        (x, shift, filter) =>
          ops.convolveReals(x as tf.Tensor4D, shift as tf.Tensor1D, filter as tf.Tensor4D, stride),
        [x, shift, filter],
      );
      const run = (x: ArrayLike<number>, shift: ArrayLike<number>, filter: ArrayLike<number>) =>
        reference.convolve(reference.shifted(maps(shape, x), shift), filter, 3, outputs, stride, 0);
      expectClose(value, run(raw[0], raw[1], raw[2]).values, tolerance);
      expectGradients(
        gradients,
        numericGradients((x, shift, filter) => weigh(run(x, shift, filter), weights), raw),
      );
    });

    test('binary activations', () => {
      const { value, weights, gradients } = evaluate(
        (x, shift, filter) =>
          ops.convolveSigns(x as tf.Tensor4D, shift as tf.Tensor1D, filter as tf.Tensor4D, stride),
        [x, shift, filter],
      );
      const shifted = reference.shifted(maps(shape, raw[0]), raw[1]);
      const signs = reference.signs(shifted);
      const run = (signs: ArrayLike<number>, filter: ArrayLike<number>) =>
        reference.convolve(maps(shape, signs), filter, 3, outputs, stride, -1);
      expectClose(value, run(signs.values, raw[2]).values, tolerance);

      const [ofSigns, ofFilter] = numericGradients(
        (signs, filter) => weigh(run(signs, filter), weights),
        [signs.values, raw[2]],
      );
      const ofX = ofSigns.map((g, i) => g * reference.signSlope(shifted.values[i]));
      const ofShift = Array.from({ length: inputs }, (_, c) =>
        ofX.filter((_, i) => i % inputs === c).reduce((sum, g) => sum + g, 0),
      );
      expectGradients(gradients, [ofX, ofShift, ofFilter]);
    });
  });

  test.each([
    { shape: [2, 6, 6, 1], kernel: 3, stride: 1, outputs: 4 },
    { shape: [2, 7, 6, 1], kernel: 3, stride: 2, outputs: 8 },
    { shape: [2, 6, 5, 3], kernel: 3, stride: 2, outputs: 5 },
    { shape: [2, 9, 8, 3], kernel: 7, stride: 2, outputs: 4 },
  ] as const)('convolving images $shape, kernel $kernel, stride $stride', (plan) => {
    const { shape, kernel, stride, outputs } = plan;
    const border = kernel >> 1;
    const images = normalTensor(shape, 4);
    const padded = tf.pad(images, [
      [0, 0],
      [border, border],
      [border, border],
      [0, 0],
    ]) as tf.Tensor4D;
    const filter = normalTensor([kernel, kernel, shape[3], outputs], 5);
    const { value, weights, gradients } = evaluate(
      (filter) => ops.convolveImages(padded, filter as tf.Tensor4D, stride),
      [filter],
    );
    const pixels = maps(shape, images.dataSync());
    const run = (filter: ArrayLike<number>) =>
      reference.convolve(pixels, filter, kernel, outputs, stride, 0);
    expectClose(value, run(filter.dataSync()).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((filter) => weigh(run(filter), weights), [filter.dataSync()]),
    );
  });

  test.each([4, 3])('batch norm of %i channels', (channels) => {
    const shape = [2, 3, 5, channels] as const;
    const x = tf.add(tf.mul(normalTensor(shape, 6), 3), 2);
    const inputs = [x, normalTensor([channels], 7), normalTensor([channels], 8)];
    const { value, weights, gradients } = evaluate(
      (x, gamma, beta) =>
        ops.batchNorm(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D).y,
      inputs,
    );
    const raw = inputs.map((tensor) => tensor.dataSync());
    const run = (x: ArrayLike<number>, gamma: ArrayLike<number>, beta: ArrayLike<number>) =>
      reference.normalize(maps(shape, x), reference.moments(maps(shape, x)), gamma, beta);
    expectClose(value, run(raw[0], raw[1], raw[2]).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((x, gamma, beta) => weigh(run(x, gamma, beta), weights), raw),
    );

    const [mean, variance] = valuesOf(() => {
      const [x, gamma, beta] = inputs as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
      const normalized = ops.batchNorm(x, gamma, beta);
      return [normalized.mean, normalized.variance];
    });
    const expected = reference.moments(maps(shape, raw[0]));
    expectClose(mean, expected.mean, tolerance);
    expectClose(variance, expected.variance, tolerance);
  });

  test.each([4, 3])('RPReLU of %i channels, away from its kink', (channels) => {
    const shape = [2, 3, 5, channels] as const;
    const perChannel = [8, 9, 10].map((seed) => normalTensor([channels], seed));
    const inputs = [normalTensor(shape, 6), normalTensor(shape, 7), ...perChannel];
    const { value, weights, gradients } = evaluate(
      (x, residual, mid, slope, out) =>
        ops.rprelu(
          x as tf.Tensor4D,
          residual as tf.Tensor4D,
          mid as tf.Tensor1D,
          slope as tf.Tensor1D,
          out as tf.Tensor1D,
        ),
      inputs,
    );
    const raw = inputs.map((tensor) => tensor.dataSync());
    const sums = raw[0].map((v, i) => v + raw[1][i] + raw[2][i % channels]);
    expect(Math.min(...sums.map(Math.abs))).toBeGreaterThan(1e-4);
    const run = (...[x, residual, mid, slope, out]: ArrayLike<number>[]) =>
      reference.rprelu(maps(shape, x), maps(shape, residual), mid, slope, out);
    expectClose(value, run(...raw).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((...changed) => weigh(run(...changed), weights), raw),
    );
  });

  describe.each([
    { pool: 'average pooling', pooled: ops.averagePool, plain: reference.averagePool },
    ...([2, 3] as const).map((size) => ({
      pool: `${size}x${size} max pooling`,
      pooled: (x: tf.Tensor4D) => ops.maxPool(x, size),
      plain: (map: reference.Maps) => reference.maxPool(map, size),
    })),
  ])('$pool', ({ pooled, plain }) => {
    test.each([[[2, 4, 6, 4]], [[2, 5, 3, 4]], [[1, 1, 1, 4]], [[2, 5, 4, 3]]] as [Shape4][])(
      'of %j',
      (shape) => {
        const x = normalTensor(shape, 11);
        const { value, weights, gradients } = evaluate((x) => pooled(x as tf.Tensor4D), [x]);
        const run = (x: ArrayLike<number>) => plain(maps(shape, x));
        expectClose(value, run(x.dataSync()).values, tolerance);
        expectGradients(
          gradients,
          numericGradients((x) => weigh(run(x), weights), [x.dataSync()]),
        );
      },
    );
  });

  test.each([4, 3])('1x1 convolution to %i channels', (outputs) => {
    const shape = [2, 3, 4, 4] as const;
    const inputs = [normalTensor(shape, 12), normalTensor([4, outputs], 13)];
    const { value, weights, gradients } = evaluate(
      (x, weight) => ops.pointwise(x as tf.Tensor4D, weight as tf.Tensor2D),
      inputs,
    );
    const raw = inputs.map((tensor) => tensor.dataSync());
    const run = (x: ArrayLike<number>, weight: ArrayLike<number>) =>
      reference.convolve(maps(shape, x), weight, 1, outputs, 1, 0);
    expectClose(value, run(raw[0], raw[1]).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((x, weight) => weigh(run(x, weight), weights), raw),
    );
  });

  test('global average', () => {
    const shape = [3, 2, 5, 4] as const;
    const x = normalTensor(shape, 14);
    const { value, weights, gradients } = evaluate((x) => ops.globalAverage(x as tf.Tensor4D), [x]);
    const run = (x: ArrayLike<number>) =>
      maps([3, 1, 1, 4], reference.globalAverage(maps(shape, x)).flat());
    expectClose(value, run(x.dataSync()).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((x) => weigh(run(x), weights), [x.dataSync()]),
    );
  });

  test('dense layer', () => {
    const inputs = [normalTensor([3, 5], 15), normalTensor([5, 2], 16), normalTensor([2], 17)];
    const { value, weights, gradients } = evaluate(
      (x, weight, bias) => ops.dense(x as tf.Tensor2D, weight as tf.Tensor2D, bias as tf.Tensor1D),
      inputs,
    );
    const raw = inputs.map((tensor) => tensor.dataSync());
    const run = (x: ArrayLike<number>, weight: ArrayLike<number>, bias: ArrayLike<number>) => {
      const rows = [0, 1, 2].map((i) => Array.from(x).slice(5 * i, 5 * i + 5));
      return maps([3, 1, 1, 2], reference.dense(rows, weight, bias).flat());
    };
    expectClose(value, run(raw[0], raw[1], raw[2]).values, tolerance);
    expectGradients(
      gradients,
      numericGradients((x, weight, bias) => weigh(run(x, weight, bias), weights), raw),
    );
  });
});
