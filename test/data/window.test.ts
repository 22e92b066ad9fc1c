import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scaledImages } from '../../src/data/prepare.js';
import { memorySource } from '../../src/data/source.js';
import { randomWindow, resized } from '../../src/data/window.js';
import { stream } from '../../src/util/random.js';
import { expectClose } from '../support/numbers.js';

const side = fc.integer({ min: 1, max: 40 });
const share = fc.double({ min: 0.01, max: 1, noNaN: true });

describe('a random window', () => {
  test('lies within the image', () => {
    fc.assert(
      fc.property(side, side, share, fc.nat(), (height, width, smallest, seed) => {
        const window = randomWindow({ height, width }, smallest, stream(seed, 'window'));
        expect(Math.min(window.height, window.width)).toBeGreaterThanOrEqual(1);
        expect(Math.min(window.top, window.left)).toBeGreaterThanOrEqual(0);
        expect(window.top + window.height).toBeLessThanOrEqual(height);
        expect(window.left + window.width).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('has every area from the smallest on equally often, and sides of 3:4 to 4:3', () => {
    const random = stream(4, 'window');
    const size = 1000;
    const windows = Array.from({ length: 4000 }, () =>
      randomWindow({ height: size, width: size }, 0.1, random),
    );
    const areas = windows.map(({ height, width }) => (height * width) / size ** 2);
    const ratios = windows.map(({ height, width }) => width / height);
    expect(Math.min(...areas)).toBeGreaterThan(0.099);
    expect(Math.min(...areas)).toBeLessThan(0.11);
    expect(Math.min(...ratios)).toBeGreaterThan(0.745);
    expect(Math.max(...ratios)).toBeLessThan(1.345);
    // Below 3/4 of the image every shape fits, so that there the areas are uniform.
    const below = (limit: number) => areas.filter((area) => area < limit).length;
    expect(below(0.4) / below(0.7)).toBeCloseTo(0.5, 1);
    const wide = ratios.filter((ratio) => ratio > 1).length;
    expect(wide / ratios.length).toBeCloseTo(0.5, 1);
    const lefts = windows.filter(({ left, width }) => 2 * left < size - width).length;
    expect(lefts / windows.length).toBeCloseTo(0.5, 1);
  });
});

describe('a resized window', () => {
  test('of the whole image is the image', () => {
    const pixels = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => (37 * i) % 256);
    const shape = { height: 5, width: 4, channels: 3 };
    const whole = { top: 0, left: 0, height: 5, width: 4 };
    expect([...resized(pixels, shape, whole)]).toEqual([...pixels]);
  });

  test('of one pixel is that pixel everywhere', () => {
    const pixels = Uint8Array.from({ length: 2 * 3 * 2 }, (_, i) => 10 * i);
    const one = { top: 1, left: 2, height: 1, width: 1 };
    expect([...resized(pixels, { height: 2, width: 3, channels: 2 }, one)]).toEqual(
      Array.from({ length: 6 }, () => [100, 110]).flat(),
    );
  });

  test('of a slope is the slope, drawn out between the centres of its pixels', () => {
    const size = 12;
    const shape = { height: size, width: size, channels: 1 };
    const window = { top: 3, left: 2, height: 4, width: 6 };
    const pixels = Uint8Array.from(
      { length: size * size },
      (_, i) => 3 * Math.floor(i / size) + 10 * (i % size),
    );
    const clamp = (value: number, last: number) => Math.min(last, Math.max(0, value));
    const expected = Array.from({ length: size * size }, (_, i) => {
      const y = 3 + clamp((Math.floor(i / size) + 0.5) / 3 - 0.5, 3);
      const x = 2 + clamp(((i % size) + 0.5) / 2 - 0.5, 5);
      return 3 * y + 10 * x;
    });
    expectClose(resized(pixels, shape, window), expected, 1e-6);
  });
});

test('cropped training images are decided by seed, epoch and image, not by their batch', () => {
  const shape = { height: 9, width: 7, channels: 3 };
  const random = stream(1, 'pixels');
  const pixels = Uint8Array.from({ length: 40 * 189 }, () => random.below(256));
  const labels = new Uint16Array(40);
  const source = memorySource({ shape, count: 40, pixels, labels });
  const scaling = { zero: [10, 20, 30], scale: [2, 3, 4] };
  const augment = { flip: true, shift: 1, crop: 0.3 };
  const images = (indices: number[], seed: number, epoch: number) =>
    scaledImages(source.batch(Uint32Array.from(indices), { augment, seed, epoch }), scaling);
  const all = Array.from({ length: 40 }, (_, i) => i);
  const whole = images(all, 1, 0);
  expect(images(all, 1, 0)).toEqual(whole);
  expect(images(all, 1, 1)).not.toEqual(whole);
  expect(images(all, 2, 0)).not.toEqual(whole);
  expect(images([33, 2], 1, 0)).toEqual(
    Float32Array.of(...whole.subarray(33 * 189, 34 * 189), ...whole.subarray(2 * 189, 3 * 189)),
  );
  const stored = scaledImages(source.batch(Uint32Array.from(all), null), scaling);
  expect(whole).not.toEqual(stored);
});
