import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSplit } from '../../src/data/load.js';
import { allOf, imagesOf } from '../../src/data/source.js';
import { type Ink, side, toDigit } from '../../src/web/page/digit.js';

/** An image with each of its pixels as a square of them. */
function enlarged({ width, height, values }: Ink, times: number): Ink {
  const large = { width: width * times, height: height * times };
  const pixels = Uint8Array.from({ length: large.width * large.height }, (_, i) => {
    const [y, x] = [Math.floor(i / large.width), i % large.width];
    return values[Math.floor(y / times) * width + Math.floor(x / times)];
  });
  return { ...large, values: pixels };
}

/** An image with empty pixels around it. */
function surrounded({ width, height, values }: Ink, left: number, top: number, more: number): Ink {
  const large = { width: width + left + more, height: height + top + more };
  const pixels = new Uint8Array(large.width * large.height);
  for (let y = 0; y < height; y++) {
    pixels.set(values.subarray(y * width, (y + 1) * width), (y + top) * large.width + left);
  }
  return { ...large, values: pixels };
}

const margins = fc.integer({ min: 0, max: 9 });
const inks = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) => {
    const length = width * height;
    return fc
      .array(fc.oneof(fc.constant(0), fc.constant(255)), { minLength: length, maxLength: length })
      .map((values) => ({ width, height, values: Uint8Array.from(values) }));
  });

it('leaves digits of MNIST as they are', async () => {
  const limit = { train: null, test: 300 };
  const source = await openSplit({ set: 'mnist', path: null, limit }, 'test');
  const { count, pixels } = await imagesOf(source, allOf(source));
  for (let i = 0; i < count; i++) {
    const values = pixels.subarray(i * side * side, (i + 1) * side * side);
    const drawn = enlarged({ width: side, height: side, values }, 10);
    expect(Buffer.compare(toDigit(drawn), values), `test image ${i}`).toBe(0);
  }
});

it('does not mind where on the pad a digit is drawn, nor how large', () => {
  fc.assert(
    fc.property(
      inks,
      margins,
      margins,
      margins,
      fc.integer({ min: 1, max: 4 }),
      (ink, left, top, more, times) => {
        const moved = enlarged(surrounded(ink, left, top, more), times);
        // Sums in another order may round a grey otherwise.
        const [expected, found] = [toDigit(ink), toDigit(moved)];
        const apart = expected.map((grey, i) => Math.abs(grey - found[i]));
        expect(Math.max(...apart)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

it('fills a box of 20 by 20 around the middle', () => {
  const square = { width: 7, height: 7, values: new Uint8Array(49).fill(255) };
  const digit = toDigit(square);
  for (let i = 0; i < digit.length; i++) {
    const inside = [Math.floor(i / side), i % side].every((at) => at >= 5 && at < 25);
    expect(digit[i] === 255).toBe(inside);
  }
});

it('has nothing to show of an empty pad', () => {
  expect(
    toDigit({ width: 5, height: 5, values: new Uint8Array(25) }).every((grey) => grey === 0),
  ).toBe(true);
});
