import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paretoFront, spread } from '../../src/report/pareto.js';

const offers = fc.array(
  fc.record({ cost: fc.integer({ min: 0, max: 9 }), worth: fc.integer({ min: 0, max: 9 }) }),
);

describe('paretoFront', () => {
  it('keeps what is cheaper or better than all else, from the cheapest on', () => {
    const [cheap, middle, dear] = [
      { cost: 1, worth: 90 },
      { cost: 2, worth: 95 },
      { cost: 4, worth: 96 },
    ];
    const beaten = { cost: 3, worth: 94 };
    const dearer = { cost: 5, worth: 96 };
    expect(paretoFront([dearer, dear, beaten, middle, cheap])).toEqual([cheap, middle, dear]);
    expect(paretoFront([middle, { ...middle }])).toHaveLength(2);
    expect(paretoFront([])).toEqual([]);
  });

  it('holds, of every cost that it can be had for, the highest worth', () => {
    fc.assert(
      fc.property(offers, (all) => {
        const front = paretoFront(all);
        // Going from the cheapest up, an offer stands if it tops all that cost less, and its equals in cost.
        const best = (limit: number) =>
          Math.max(-1, ...all.filter(({ cost }) => cost <= limit).map(({ worth }) => worth));
        const expected = all.filter(
          ({ cost, worth }) => worth > best(cost - 1) && worth === best(cost),
        );
        expect(new Set(front)).toEqual(new Set(expected));
        expect(front.map(({ cost }) => cost)).toEqual(
          front.map(({ cost }) => cost).sort((a, b) => a - b),
        );
      }),
    );
  });
});

it('spread keeps the order of labels, room between them and below the top', () => {
  expect(spread([5, 1, 1.5], 1, 9)).toEqual([5, 1, 2]);
  expect(spread([9, 9, 8.5], 1, 9)).toEqual([8, 9, 7]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (values) => {
      const placed = spread(values, 2, 50);
      const places = [...placed].sort((a, b) => a - b);
      expect(places.slice(1).every((place, i) => place - places[i] >= 2)).toBe(true);
      expect(places.every((place) => place <= 50)).toBe(true);
      const isOrdered = values.every((a, i) =>
        values.every((b, j) => a >= b || placed[i] < placed[j]),
      );
      expect(isOrdered).toBe(true);
    }),
  );
});
