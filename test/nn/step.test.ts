import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { birealNetwork, layOut, type NetworkShape } from '../../src/model/network.js';
import { layoutOf } from '../../src/nn/layout.js';
import { opsOf } from '../../src/nn/ops.js';
import { gradientStep, inferenceStep, type Program, statisticsStep } from '../../src/nn/step.js';
import { expectClose, normals } from '../support/numbers.js';
import { bothKernels } from './engines.js';
import { crossEntropy } from './reference.js';
import { correctOf, flatStatistics, gradientsOf, passAt, pointOf } from './reference-step.js';

const { composed, fused } = await bothKernels();
const labels = Int32Array.of(0, 2, 1);

const stem = { kernel: 3, stride: 1, pool: false } as const;
const image = { height: 6, width: 6, channels: 1 };

/** Networks of a downsampling block and an ordinary one; the odd ones have odd maps inside. */
const networks: Record<string, NetworkShape> = {
  'even maps': birealNetwork({ stages: [1, 1], width: 4, stem }, image, 3),
  'odd maps': birealNetwork(
    { stages: [1, 1], width: 4, stem: { ...stem, stride: 2 } },
    { height: 9, width: 5, channels: 1 },
    3,
  ),
  'channels that no fused kernel takes': birealNetwork(
    { stages: [1, 1], width: 3, stem },
    { height: 6, width: 5, channels: 3 },
    3,
  ),
  'no shortcuts, pooled behind every stage': layOut(
    { family: 'vgg', stages: [1, 2], width: 4, stem },
    { height: 7, width: 6, channels: 1 },
    3,
  ),
  'a pooled 7x7 stem': birealNetwork(
    { stages: [1, 1], width: 4, stem: { kernel: 7, stride: 1, pool: true } },
    { height: 7, width: 8, channels: 1 },
    3,
  ),
};

const cases = Object.keys(networks).flatMap((network) =>
  (['binary', 'real'] as const).map((activations) => ({ network, activations })),
);

describe.each(cases)('$network, $activations activations', ({ network, activations }) => {
  const shape = networks[network];
  const layout = layoutOf(shape);
  const parameters = pointOf(shape, 21);
  const { height, width, channels } = shape.input;
  const images = normals(labels.length * height * width * channels, 22);
  const pass = passAt(shape, images, activations);
  const expected = pass(parameters);
  const programs = [composed, fused].map(
    (kernels): Program => ({ shape, layout, activations, ops: opsOf(kernels) }),
  );

  test('a step has the loss, the statistics and every gradient of the reference', async () => {
    const differences = gradientsOf(shape, pass, parameters, labels);
    for (const program of programs) {
      const gradients = new Float32Array(layout.size);
      const statistics = new Float32Array(layout.statisticsSize);
      const found = await gradientStep(program, parameters, images, labels, gradients, statistics);
      expect(found.loss).toBeCloseTo(crossEntropy(expected.logits, labels), 5);
      expect(found.correct).toBe(correctOf(expected, labels));
      expectClose(statistics, flatStatistics(shape, expected.statistics), 1e-5, 'statistics');
      for (const { name, places, values } of differences) {
        const own = places.map((i) => gradients[i]);
        expectClose(own, values, 2e-5, `gradient of ${name}`);
      }
    }
  });

  test('a step smooths the labels if it is asked to', async () => {
    for (const program of programs) {
      const smoothed = { ...program, labelSmoothing: 0.2 };
      const gradients = new Float32Array(layout.size);
      const statistics = new Float32Array(layout.statisticsSize);
      const { loss } = await gradientStep(
        smoothed,
        parameters,
        images,
        labels,
        gradients,
        statistics,
      );
      expect(loss).toBeCloseTo(crossEntropy(expected.logits, labels, 0.2), 5);
    }
  });

  test('statistics without gradients are the same', async () => {
    for (const program of programs) {
      const statistics = new Float32Array(layout.statisticsSize);
      await statisticsStep(program, parameters, images, statistics);
      expectClose(statistics, flatStatistics(shape, expected.statistics), 1e-5);
    }
  });

  test('inference normalises by the statistics that it is given', async () => {
    const given = new Map(
      [...expected.statistics].map(([name, { mean, variance }]) => [
        name,
        {
          mean: Array.from(mean, (m) => Math.fround(m + 0.1)),
          variance: Array.from(variance, (v) => Math.fround(1.5 * v)),
        },
      ]),
    );
    for (const program of programs) {
      const logits = await inferenceStep(program, parameters, flatStatistics(shape, given), images);
      expectClose(logits, pass(parameters, given).logits.flat(), 1e-5);
    }
  });

  test('no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    const gradients = new Float32Array(layout.size);
    const statistics = new Float32Array(layout.statisticsSize);
    for (const program of programs) {
      await gradientStep(program, parameters, images, labels, gradients, statistics);
      await statisticsStep(program, parameters, images, statistics);
      await inferenceStep(program, parameters, statistics, images);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
