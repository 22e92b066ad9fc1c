import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/util/nearest.js';

describe('editDistance', () => {
  it.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['epochs', 'epcohs', 1],
    ['batch', 'batch', 0],
  ])('%s to %s takes %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric, and zero only for equal words', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('nearest', () => {
  const names = ['epochs', 'batch', 'learningRate', 'tau'];

  it.each([
    ['epoch', 'epochs'],
    ['Epochs', 'epochs'],
    ['learnignrate', 'learningRate'],
    ['tua', 'tau'],
    ['momentum', null],
    ['to', null],
  ])('of %s is %s', (typed, meant) => {
    expect(nearest(typed, names)).toBe(meant);
  });
});
