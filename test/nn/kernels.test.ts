import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/nn/kernels.js';
import { expectClose, normals } from '../support/numbers.js';
import { bothKernels, valuesOf } from './engines.js';

/** Rounding of float32 sums over up to 2 x 20 x 20 positions, taken in another order. */
const tolerance = 1e-4;

const { composed, fused } = await bothKernels();

interface Plan {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly stride: 1 | 2;
  readonly kernel: 1 | 3 | 7;
  readonly inputs: number;
  /** Input channels of a binary convolution: a multiple of four. */
  readonly signs: number;
  readonly seed: number;
}

function plans(channels: fc.Arbitrary<number>): fc.Arbitrary<Plan> {
  const size = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.constant(20));
  return fc.record({
    images: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constant(18)),
    height: size,
    width: size,
    channels,
    stride: fc.constantFrom<1 | 2>(1, 2),
    kernel: fc.constantFrom<1 | 3 | 7>(1, 3, 7),
    inputs: fc.integer({ min: 1, max: 9 }),
    signs: fc.constantFrom(4, 8, 12, 16, 20, 32, 64, 72, 100),
    seed: fc.nat(),
  });
}

const fittingPlans = plans(fc.constantFrom(4, 8, 12, 16, 20, 32));
const otherPlans = plans(fc.constantFrom(1, 2, 3, 5, 6, 7, 9, 18));

/** What each kernel makes of random tensors of the plan's sizes. */
const kernelRuns: Readonly<Record<string, (kernels: Kernels, plan: Plan) => tf.Tensor[]>> = {
  signPad: (kernels, plan) => [kernels.signPad(map(plan), perChannel(plan))],
  signGradient: (kernels, plan) => [
    ...kernels.signGradient(map(plan), perChannel(plan), map(plan, 2)),
  ],
  moments: (kernels, plan) => {
    const { mean, variance } = kernels.moments(offCentre(plan));
    return [mean, variance];
  },
  normalize: (kernels, plan) => [
    kernels.normalize(
      map(plan),
      perChannel(plan, 1),
      tf.square(perChannel(plan, 2)),
      perChannel(plan, 3),
      perChannel(plan, 4),
    ),
  ],
  normalizeGradient: (kernels, plan) => {
    const { mean, variance } = composed.moments(map(plan));
    const spread = tf.add(variance, 0.1) as tf.Tensor1D;
    const gamma = perChannel(plan, 3);
    return [...kernels.normalizeGradient(map(plan), mean, spread, gamma, map(plan, 2))];
  },
  rprelu: (kernels, plan) => [
    kernels.rprelu(
      map(plan),
      map(plan, 2),
      perChannel(plan, 1),
      perChannel(plan, 2),
      perChannel(plan, 3),
    ),
  ],
  rpreluGradient: (kernels, plan) => [
    ...kernels.rpreluGradient(
      map(plan),
      map(plan, 2),
      perChannel(plan, 1),
      perChannel(plan, 2),
      map(plan, 3),
    ),
  ],
  averagePool: (kernels, plan) => [kernels.averagePool(map(plan))],
  averagePoolGradient: (kernels, plan) => {
    const { height, width } = plan;
    const pooled = { ...plan, height: Math.ceil(height / 2), width: Math.ceil(width / 2) };
    return [kernels.averagePoolGradient(map(pooled), height, width)];
  },
  maxPoolGradient: (kernels, plan) => {
    const { height, width } = plan;
    const pooled = { ...plan, height: Math.ceil(height / 2), width: Math.ceil(width / 2) };
    return ([2, 3] as const).map((size) =>
      kernels.maxPoolGradient(withTies(plan), map(pooled), size),
    );
  },
  gradientFilter: (kernels, { inputs, channels, stride, seed }) => [
    kernels.gradientFilter(tensor([3, 3, inputs, channels], seed) as tf.Tensor4D, stride),
  ],
  unfoldCells: (kernels, plan) => {
    const { images, height, width, channels, seed } = plan;
    const cells = [images, Math.ceil(height / 2) + 1, Math.ceil(width / 2) + 1, 4 * channels];
    return [kernels.unfoldCells(tensor(cells, seed) as tf.Tensor4D, height, width)];
  },
  filterGradient: (kernels, plan) => {
    const { images, height, width, inputs, kernel, stride, seed } = plan;
    const border = 2 * (kernel >> 1);
    const padded = tensor([images, height + border, width + border, inputs], seed) as tf.Tensor4D;
    const output = {
      ...plan,
      height: Math.ceil(height / stride),
      width: Math.ceil(width / stride),
    };
    return [kernels.filterGradient(padded, map(output, 2), kernel, stride)];
  },
  convolveSigns: (kernels, plan) => {
    const [x, shift] = [signed(plan), perChannel({ ...plan, channels: plan.signs })];
    return filters(plan).map((filter) => kernels.convolveSigns(x, shift, filter, plan.stride)[0]);
  },
  convolveSignsGradient: (kernels, plan) => {
    const [x, shift] = [signed(plan), perChannel({ ...plan, channels: plan.signs })];
    const { stride } = plan;
    return filters(plan).flatMap((filter) => {
      const [y, signs] = kernels.convolveSigns(x, shift, filter, stride);
      const dy = tensor(y.shape, plan.seed + 7) as tf.Tensor4D;
      return [...kernels.convolveSignsGradient(x, shift, signs, filter, dy, stride)];
    });
  },
};

function tensor(shape: readonly number[], seed: number, mean = 0): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(normals(size, seed, 1, mean), [...shape]);
}

function map({ images, height, width, channels, seed }: Plan, which = 1): tf.Tensor4D {
  return tensor([images, height, width, channels], 10 * seed + which) as tf.Tensor4D;
}

/** Far from zero, where a variance taken as mean square minus squared mean would lose its digits. */
function offCentre({ images, height, width, channels, seed }: Plan): tf.Tensor4D {
  return tensor([images, height, width, channels], seed, 300) as tf.Tensor4D;
}

/** Windows with several largest pixels. */
function withTies(plan: Plan): tf.Tensor4D {
  return tf.round(map(plan, 3));
}

/** The input of a binary convolution. */
function signed(plan: Plan): tf.Tensor4D {
  return map({ ...plan, channels: plan.signs });
}

/** A filter of signs by one magnitude an output, one of them zero, and a filter of real weights. */
function filters({ signs, channels, seed }: Plan): tf.Tensor4D[] {
  const shape: tf.Tensor4D['shape'] = [3, 3, signs, channels];
  const real = tensor(shape, seed + 3);
  const magnitudes = normals(channels, seed + 4);
  magnitudes[0] = 0;
  const binary = real
    .dataSync<'float32'>()
    .map((value, i) => Math.sign(value) * Math.abs(magnitudes[i % channels]));
  return [tf.tensor4d(binary, shape), real as tf.Tensor4D];
}

function perChannel({ channels, seed }: Plan, which = 0): tf.Tensor1D {
  return tensor([channels], 10 * seed + 5 + which) as tf.Tensor1D;
}

test('every kernel is compared', () => {
  expect(Object.keys(kernelRuns).sort()).toEqual(Object.keys(composed).sort());
});

/** Kernels of the wasm engine that are no C: they take any number of channels. */
const onHost = ['maxPoolGradient', 'gradientFilter'];

describe.each(Object.entries(kernelRuns))('the fused %s', (name, run) => {
  test('gives what the composed operations give', () => {
    fc.assert(
      fc.property(fittingPlans, (plan) => {
        const expected = valuesOf(() => run(composed, plan));
        valuesOf(() => run(fused, plan)).forEach((values, i) => {
          expectClose(values, expected[i], tolerance, `output ${i}`);
        });
      }),
      { numRuns: 40 },
    );
  });

  test.skipIf(onHost.includes(name))(
    'leaves channels that are no multiple of four to the composed operations',
    () => {
      fc.assert(
        fc.property(otherPlans, (plan) => {
          expect(valuesOf(() => run(fused, plan))).toEqual(valuesOf(() => run(composed, plan)));
        }),
        { numRuns: 15 },
      );
    },
  );
});

test('sign(0) is +1 and the border is -1, fused and composed', () => {
  const x = Float32Array.of(0, -0, 1e-30, -1e-30, 0.5, -0.5, 0.25, -0.25);
  const shift = Float32Array.of(0, 0, 0, 0, -0.5, 0.5, 0, 0);
  const expected = [1, 1, 1, -1, 1, 1, 1, -1];
  for (const kernels of [composed, fused]) {
    const [padded] = valuesOf(() =>
      kernels.signPad(tf.tensor4d(x, [1, 1, 1, 8]), tf.tensor1d(shift)),
    );
    expect([...padded.subarray(4 * 8, 5 * 8)]).toEqual(expected);
    const border = [...padded.subarray(0, 4 * 8), ...padded.subarray(5 * 8)];
    expect(border).toEqual(new Array(8 * 8).fill(-1));
  }
});

test('the surrogate of sign is zero from |x| = 1 on and 2 at 0, fused and composed', () => {
  const x = Float32Array.of(0, 0.5, -0.5, 1, -1, 1.5, -1.5, 0.75);
  for (const kernels of [composed, fused]) {
    const [dx] = valuesOf(() => [
      ...kernels.signGradient(
        tf.tensor4d(x, [1, 1, 1, 8]),
        tf.zeros<tf.Rank.R1>([8]),
        tf.ones<tf.Rank.R4>([1, 1, 1, 8]),
      ),
    ]);
    expect([...dx]).toEqual([2, 1, 1, 0, 0, 0, 0, 0.5]);
  }
});
