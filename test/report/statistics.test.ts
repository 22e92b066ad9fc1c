import { describe, expect, test } from 'vitest';
import { estimate, studentQuantile } from '../../src/report/statistics.js';

/** Density of Student's t up to a constant, integrated by Simpson's rule over |x| <= `bound`. */
function shareWithin(bound: number, freedom: number): number {
  const density = (x: number) => (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
  const integral = (to: number) => {
    const steps = 200_000;
    const h = to / steps;
    let sum = density(0) + density(to);
    for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 === 1 ? 4 : 2);
    return (sum * h) / 3;
  };
  // The whole line: x = tan(angle) keeps the heavy tails.
  const steps = 200_000;
  const step = Math.PI / 2 / steps;
  let whole = 0;
  for (let i = 0; i < steps; i++) {
    const x = Math.tan((i + 0.5) * step);
    whole += density(x) * (1 + x * x) * step;
  }
  return integral(bound) / whole;
}

describe('intervals of means', () => {
  test.each([1, 2, 3, 5, 10, 11, 15, 29, 100])(
    'the quantile for %i degrees of freedom leaves 5 %% outside',
    (freedom) => {
      expect(shareWithin(studentQuantile(freedom), freedom)).toBeCloseTo(0.95, 4);
    },
  );

  test('a textbook sample', () => {
    const { mean, margin, count } = estimate([4, 5, 6, 7, 8]);
    expect(count).toBe(5);
    expect(mean).toBe(6);
    expect(margin).toBeCloseTo(2.7764 * Math.sqrt(2.5 / 5), 3);
  });

  test('one value has no interval, none at all has no mean', () => {
    expect(estimate([3])).toEqual({ mean: 3, margin: null, count: 1 });
    expect(() => estimate([])).toThrow('no value');
  });
});
