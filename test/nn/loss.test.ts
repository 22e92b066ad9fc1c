import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { trainingLoss } from '../../src/nn/loss.js';
import { expectClose, normals } from '../support/numbers.js';
import { bothKernels, valuesOf } from './engines.js';
import { crossEntropy, numericGradients, softmax } from './reference.js';

await bothKernels();
const labels = Int32Array.of(0, 2, 4, 2);

function rowsOf(values: ArrayLike<number>): number[][] {
  return [0, 1, 2, 3].map((i) => Array.from(values).slice(5 * i, 5 * i + 5));
}

type Rest = [smoothing: number, lesson?: Parameters<typeof trainingLoss>[3]];

/** Value and gradient at `logits`. */
function lossAt(logits: Float32Array, ...rest: Rest) {
  const tensor = tf.tensor2d(logits, [4, 5]);
  const loss = (logits: tf.Tensor) => trainingLoss(logits as tf.Tensor2D, labels, ...rest);
  const [value] = valuesOf(() => loss(tensor));
  const [gradient] = valuesOf(() => tf.grads(loss)([tensor]));
  return { value, gradient };
}

test.each([
  [1, 0],
  [100, 0],
  [1, 0.1],
  [100, 0.1],
  [1, 0.7],
])('cross-entropy of logits of size %i, labels smoothed by %f', (size, smoothing) => {
  const logits = normals(20, 18, size);
  const { value, gradient } = lossAt(logits, smoothing);
  const run = (logits: ArrayLike<number>) => crossEntropy(rowsOf(logits), labels, smoothing);
  expectClose(value, [run(logits)], 1e-6);
  expectClose(gradient, numericGradients(run, [logits])[0], 1e-5);
});

test.each([
  { size: 1, weight: 1, temperature: 1, smoothing: 0 },
  { size: 1, weight: 0.3, temperature: 1, smoothing: 0.1 },
  { size: 1, weight: 0.7, temperature: 4, smoothing: 0 },
  { size: 1, weight: 0, temperature: 2, smoothing: 0.2 },
  { size: 1, weight: 1, temperature: 0.5, smoothing: 0 },
  { size: 40, weight: 0.5, temperature: 3, smoothing: 0 },
])(
  'distillation: logits of size $size, weight $weight, temperature $temperature',
  ({ size, weight, temperature, smoothing }) => {
    const logits = normals(20, 18, size);
    const teacher = normals(20, 19, 2);
    const { value, gradient } = lossAt(logits, smoothing, { logits: teacher, weight, temperature });
    const cooled = (values: ArrayLike<number>) =>
      rowsOf(Array.from(values, (z) => z / temperature));
    const run = (logits: ArrayLike<number>) => {
      const soft = cooled(teacher).map((row, i) => {
        const [taught, own] = [softmax(row), softmax(cooled(logits)[i])];
        return -taught.reduce((sum, p, k) => sum + p * Math.log(own[k]), 0);
      });
      const taught = soft.reduce((sum, term) => sum + term, 0) / soft.length;
      const hard = crossEntropy(rowsOf(logits), labels, smoothing);
      return (1 - weight) * hard + weight * temperature ** 2 * taught;
    };
    expectClose(value, [run(logits)], 1e-5);
    expectClose(gradient, numericGradients(run, [logits])[0], 1e-5);
  },
);

test('a student that agrees with its teacher has nothing to learn from it', () => {
  const logits = normals(20, 20);
  const { gradient } = lossAt(logits, 0, { logits, weight: 1, temperature: 3 });
  expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6);
});
