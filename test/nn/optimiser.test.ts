import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decayWeights, initialOptimizer, optimizerStep } from '../../src/nn/optimizer.js';
import { learningRateAt, type ScheduleSettings } from '../../src/nn/schedule.js';
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

const adam = { optimizer: 'adam', momentum: 0 } as const;
const real = fc.double({ min: -10, max: 10, noNaN: true });

describe('Adam', () => {
  test('takes the steps of the textbook', () => {
    const runs = fc.array(fc.tuple(real, fc.array(real, { minLength: 8, maxLength: 8 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(runs, fc.double({ min: 1e-4, max: 0.1, noNaN: true }), (run, rate) => {
        const values = Float32Array.from(run, ([start]) => start);
        let state = initialOptimizer(adam, run.length);
        for (let step = 0; step < 8; step++) {
          const gradients = Float32Array.from(run, ([, gradients]) => gradients[step]);
          state = optimizerStep(adam, values, gradients, state, rate);
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
    const gradients = Float32Array.of(1e-3, -1e-3, 1e3, 0);
    optimizerStep(adam, values, gradients, initialOptimizer(adam, 4), 0.01);
    expectClose(values, [0.99, 1.01, 0.99, 1], 1e-6);
  });

  test('steps alike as AdamW', () => {
    const of = (optimizer: 'adam' | 'adamw') => {
      const values = Float32Array.of(1, 2);
      const settings = { optimizer, momentum: 0 };
      optimizerStep(settings, values, Float32Array.of(3, -4), initialOptimizer(settings, 2), 0.1);
      return values;
    };
    expect(of('adamw')).toEqual(of('adam'));
  });
});

describe('SGD', () => {
  test('moves by every earlier gradient, fading with the momentum', () => {
    fc.assert(
      fc.property(
        fc.array(real, { minLength: 1, maxLength: 10 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (gradients, momentum) => {
          const settings = { optimizer: 'sgd', momentum } as const;
          const values = Float32Array.of(1);
          let state = initialOptimizer(settings, 1);
          for (const gradient of gradients) {
            state = optimizerStep(settings, values, Float32Array.of(gradient), state, 0.01);
          }
          // The closed form: gradient s still acts on step t >= s, faded by momentum^(t - s).
          let expected = 1;
          for (let t = 0; t < gradients.length; t++) {
            for (let s = 0; s <= t; s++) {
              expected -= 0.01 * momentum ** (t - s) * Math.fround(gradients[s]);
            }
          }
          expectClose(values, [expected], 1e-5);
          expect(state.steps).toBe(gradients.length);
        },
      ),
    );
  });
});

describe('weight decay', () => {
  test.each(['sgd', 'adam'] as const)('is an L2 penalty with %s', (optimizer) => {
    const values = Float32Array.of(2, -4);
    const gradients = Float32Array.of(1, 1);
    decayWeights(optimizer, values, gradients, 0.5, 0.1);
    expect([...values]).toEqual([2, -4]);
    expect([...gradients]).toEqual([2, -1]);
  });

  test('is apart from the gradient with AdamW', () => {
    const values = Float32Array.of(2, -4);
    const gradients = Float32Array.of(1, 1);
    decayWeights('adamw', values, gradients, 0.5, 0.1);
    expectClose(values, [1.9, -3.8], 1e-7);
    expect([...gradients]).toEqual([1, 1]);
  });
});

describe('the learning rate', () => {
  const settings = { learningRate: 0.4, epochs: 10, warmup: 0 };
  const rates = (changes: Partial<ScheduleSettings>, stepsPerEpoch = 10) => {
    const all = { ...settings, schedule: 'constant', ...changes } as const;
    const steps = all.epochs * stepsPerEpoch;
    return Array.from({ length: steps + 1 }, (_, step) => learningRateAt(all, step, stepsPerEpoch));
  };

  test.each([
    ['linear', [0.4, 0.3, 0.2, 0.1, 0]],
    ['cosine', [0.4, 0.2 + 0.1 * Math.SQRT2, 0.2, 0.2 - 0.1 * Math.SQRT2, 0]],
    ['constant', [0.4, 0.4, 0.4, 0.4, 0.4]],
  ] as const)('%s, at every quarter', (schedule, expected) => {
    const found = rates({ schedule });
    expectClose(
      [0, 25, 50, 75, 100].map((step) => found[step]),
      expected,
      1e-12,
    );
  });

  test.each(['linear', 'cosine'] as const)('%s falls every step and stays positive', (schedule) => {
    const found = rates({ schedule });
    for (let step = 0; step < 99; step++) {
      expect(found[step + 1]).toBeLessThan(found[step]);
      expect(found[step + 1]).toBeGreaterThan(0);
    }
  });

  test('falls by the factor at every milestone, in whatever order they are written', () => {
    const found = rates({ schedule: { milestones: [6, 2.5], factor: 0.1 } });
    const expected = found.map((_, step) => (step < 25 ? 0.4 : step < 60 ? 0.04 : 0.004));
    expectClose(found, expected, 1e-12);
  });

  test('rises in equal steps over the warm-up', () => {
    expectClose(rates({ warmup: 0.3 }).slice(0, 5), [0.1, 0.2, 0.3, 0.4, 0.4], 1e-12);
  });

  test('takes what the warm-up leaves for its fall', () => {
    const found = rates({ schedule: 'linear', warmup: 5 });
    expectClose([found[50], found[75], found[99], found[100]], [0.4, 0.2, 0.4 / 50, 0], 1e-12);
    expect(Math.max(...found)).toBe(0.4);
  });

  test('never passes learningRate and never is below zero', () => {
    const schedules = fc.oneof(
      fc.constantFrom('linear' as const, 'cosine' as const, 'constant' as const),
      fc.record({
        milestones: fc.array(fc.double({ min: 0.1, max: 12, noNaN: true }), { minLength: 1 }),
        factor: fc.double({ min: 0.01, max: 1, noNaN: true }),
      }),
    );
    const warmups = fc.double({ min: 0, max: 9.9, noNaN: true });
    fc.assert(
      fc.property(schedules, warmups, fc.integer({ min: 1, max: 9 }), (schedule, warmup, steps) => {
        for (const rate of rates({ schedule, warmup }, steps).slice(0, -1)) {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(0.4);
        }
      }),
    );
  });
});
