import { expect, it } from 'vitest';
import {
  begin,
  boldness,
  type Drawing,
  draw,
  isEmpty,
  nothing,
  undo,
} from '../../src/web/page/drawing.js';

const at = (x: number, y: number) => ({ x, y });
const two = begin(draw(begin(nothing, at(0, 0)), [at(0.5, 0), at(0.5, 1)]), at(1, 1));
const image: Drawing = { kind: 'image', pixels: new Uint8Array(28 * 28) };

it('draws strokes on and takes them back, the last one first', () => {
  expect(two).toEqual({
    kind: 'strokes',
    strokes: [[at(0, 0), at(0.5, 0), at(0.5, 1)], [at(1, 1)]],
  });
  expect(undo(two)).toEqual({ kind: 'strokes', strokes: [[at(0, 0), at(0.5, 0), at(0.5, 1)]] });
  expect(isEmpty(two)).toBe(false);
  expect(isEmpty(undo(undo(two)))).toBe(true);
  expect(undo(nothing)).toEqual(nothing);
  expect(draw(nothing, [at(1, 1)])).toEqual(nothing);
});

it('draws over an image by putting it away', () => {
  expect(isEmpty(image)).toBe(false);
  expect(undo(image)).toEqual(nothing);
  expect(draw(image, [at(0, 0)])).toBe(image);
  expect(begin(image, at(0.1, 0.2))).toEqual({ kind: 'strokes', strokes: [[at(0.1, 0.2)]] });
});

it('takes a pen of an eighth of the whole, the pen included, at any size', () => {
  for (const size of [0.2, 0.5, 1]) {
    const pen = boldness([[at(0, 0), at(size, 0)], [at(size / 2, size / 3)]]);
    expect(pen / (size + pen)).toBeCloseTo(1 / 8, 10);
  }
  expect(boldness([[at(0.5, 0.5)]])).toBeGreaterThan(0);
});
