import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adamStep, initialAdam } from '../../src/nn/adam.js';
import { learningRateAt } from '../../src/nn/schedule.js';
import { expectClose } from '../support/numbers.js';

/** Adam as algorithm 1 of Kingma and Ba (ICLR 2015) prints it, one scalar, in float64. */
function textbookAdam(start: number, gradients: readonly number[], rate: number): number {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  let [theta, m, v] = [start, 0, 0];
  gradients.forEach((g, i) => {
    const t = i + 1;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** t);
    const vHat = v / (1 - beta2 ** t);
    theta -= (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  });
  return theta;
}

describe('Adam', () => {
  const real = fc.double({ min: -10, max: 10, noNaN: true });

  test('takes the steps of the textbook', () => {
    const runs = fc.array(fc.tuple(real, fc.array(real, { minLength: 8, maxLength: 8 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(runs, fc.double({ min: 1e-4, max: 0.1, noNaN: true }), (run, rate) => {
        const values = Float32Array.from(run, ([start]) => start);
        let state = initialAdam(run.length);
        for (let step = 0; step < 8; step++) {
          const gradients = Float32Array.from(run, ([, gradients]) => gradients[step]);
          state = adamStep(values, gradients, state, rate);
        }
        expect(state.steps).toBe(8);
        const expected = run.map(([start, gradients]) =>
          textbookAdam(Math.fround(start), gradients.map(Math.fround), rate),
        );
        expectClose(values, expected, 1e-5);
      }),
    );
  });

  test('moves by the learning rate on its first step, whatever the size of the gradient', () => {
    const values = Float32Array.of(1, 1, 1, 1);
    adamStep(values, Float32Array.of(1e-3, -1e-3, 1e3, 0), initialAdam(4), 0.01);
    expectClose(values, [0.99, 1.01, 0.99, 1], 1e-6);
  });
});

describe('the learning rate', () => {
  const at = (schedule: 'linear' | 'cosine' | 'constant', step: number) =>
    learningRateAt({ learningRate: 0.4, schedule }, step, 100);

  test.each([
    ['linear', [0.4, 0.3, 0.2, 0.1, 0]],
    ['cosine', [0.4, 0.2 + 0.1 * Math.SQRT2, 0.2, 0.2 - 0.1 * Math.SQRT2, 0]],
    ['constant', [0.4, 0.4, 0.4, 0.4, 0.4]],
  ] as const)('%s, at every quarter', (schedule, expected) => {
    expectClose(
      [0, 25, 50, 75, 100].map((step) => at(schedule, step)),
      expected,
      1e-12,
    );
  });

  test.each(['linear', 'cosine'] as const)('%s falls every step and stays positive', (schedule) => {
    for (let step = 0; step < 99; step++) {
      expect(at(schedule, step + 1)).toBeLessThan(at(schedule, step));
      expect(at(schedule, step + 1)).toBeGreaterThan(0);
    }
  });
});
