import { join } from 'node:path';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { centralWindow, decodeImage } from '../../src/data/folder/decode.js';
import { temporaryFolder } from '../support/folder.js';
import { type Colour, painted, plain, writeFiles } from '../support/photos.js';

const size = { height: 8, width: 8 };
const whole = (image: { height: number; width: number }) => ({ top: 0, left: 0, ...image });

/** Rows of pixels of a decoded file. */
async function decoded(
  image: Sharp | Uint8Array,
  name: string,
  to = size,
  window: Parameters<typeof decodeImage>[2] = whole,
): Promise<Colour[][]> {
  const folder = temporaryFolder();
  const bytes = image instanceof Uint8Array ? image : await image.toBuffer();
  await writeFiles(folder, { [name]: bytes });
  const pixels = await decodeImage(join(folder, name), to, window);
  expect(pixels.length).toBe(to.height * to.width * 3);
  return Array.from({ length: to.height }, (_, y) =>
    Array.from({ length: to.width }, (_, x): Colour => {
      const [r, g, b] = pixels.subarray((y * to.width + x) * 3);
      return [r, g, b];
    }),
  );
}

function expectColour(found: Colour, expected: Colour, within: number): void {
  found.forEach((value, c) => {
    expect(Math.abs(value - expected[c]), `${found} is not ${expected}`).toBeLessThanOrEqual(
      within,
    );
  });
}

/** Red above green, blue to the right of both. */
const corners = painted(80, 60, (x, y) =>
  x >= 40 ? [0, 0, 255] : y < 30 ? [255, 0, 0] : [0, 255, 0],
);

describe('every image ends up as 8-bit RGB', () => {
  const brick: Colour = [150, 110, 90];
  const grey = (value: number): Colour => [value, value, value];

  test.each<[string, string, () => Sharp, Colour, number]>([
    ['JPEG', 'a.jpg', () => plain(brick).jpeg({ quality: 95 }), brick, 3],
    ['PNG', 'a.png', () => plain(brick).png(), brick, 0],
    ['WebP', 'a.webp', () => plain(brick).webp({ lossless: true }), brick, 0],
    ['a palette', 'a.png', () => plain(brick).png({ palette: true }), brick, 2],
    ['a PNG that calls itself JPEG', 'a.JPEG', () => plain(brick).png(), brick, 0],
    ['grey JPEG', 'a.jpg', () => plain(grey(120)).toColourspace('b-w').jpeg(), grey(120), 2],
    ['grey PNG', 'a.png', () => plain(grey(120)).toColourspace('b-w').png(), grey(120), 0],
    ['16-bit grey', 'a.png', () => plain(grey(120)).toColourspace('grey16').png(), grey(120), 2],
    ['16-bit colour', 'a.png', () => plain(brick).toColourspace('rgb16').png(), brick, 2],
    ['CMYK', 'a.jpg', () => plain(brick).toColourspace('cmyk').jpeg({ quality: 95 }), brick, 25],
    ['alpha', 'a.png', () => plain(brick).ensureAlpha(0.5).png(), brick, 2],
  ])('%s', async (_, name, image, colour, within) => {
    for (const row of await decoded(await image().toBuffer(), name)) {
      for (const pixel of row) expectColour(pixel, colour, within);
    }
  });

  test('CMYK is stored as such, and 16 bits too', async () => {
    const cmyk = await plain(brick).toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const deep = await plain(brick).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('turned as EXIF orientation %i says', async (orientation) => {
    const upright = await corners.clone().png().toBuffer();
    const file = await sharp(upright)
      .withMetadata({ orientation })
      .jpeg({ quality: 95 })
      .toBuffer();
    // Where the viewer's top left, top right and bottom left lie in the stored pixels (EXIF 2.3).
    const flips: Record<number, (x: number, y: number) => [number, number]> = {
      1: (x, y) => [x, y],
      2: (x, y) => [7 - x, y],
      3: (x, y) => [7 - x, 7 - y],
      4: (x, y) => [x, 7 - y],
      5: (x, y) => [y, x],
      6: (x, y) => [y, 7 - x],
      7: (x, y) => [7 - y, 7 - x],
      8: (x, y) => [7 - y, x],
    };
    const stored = await decoded(upright, 'a.png');
    const found = await decoded(file, 'b.jpg');
    for (const [x, y] of [
      [1, 1],
      [6, 1],
      [1, 6],
      [6, 6],
    ]) {
      const [sx, sy] = flips[orientation](x, y);
      expectColour(found[y][x], stored[sy][sx], 6);
    }
  });
});

describe('a window of an image', () => {
  test('is cut from the image at its own size and scaled', async () => {
    const image = await corners.clone().png().toBuffer();
    const part = { top: 32, left: 4, height: 20, width: 30 };
    for (const row of await decoded(image, 'a.png', size, () => part)) {
      for (const pixel of row) expectColour(pixel, [0, 255, 0], 0);
    }
    const across = { top: 0, left: 20, height: 30, width: 40 };
    for (const row of await decoded(image, 'a.png', size, () => across)) {
      row.forEach((pixel, x) => {
        if (x > 4) expectColour(pixel, [0, 0, 255], 0);
      });
    }
    // The last row blends with what lies below the window.
    for (const row of (await decoded(image, 'a.png', size, () => across)).slice(0, -1)) {
      for (const pixel of row.slice(0, 3)) expectColour(pixel, [255, 0, 0], 0);
    }
  });

  test('of a slope is that slope, whatever part of whatever size', async () => {
    const side = fc.integer({ min: 4, max: 200 });
    await fc.assert(
      fc.asyncProperty(side, side, fc.nat(), fc.nat(), fc.nat(), fc.nat(), async (...drawn) => {
        const [width, height, a, b, c, d] = drawn;
        const window = { height: 1 + (a % height), width: 1 + (b % width), top: 0, left: 0 };
        window.top = c % (height - window.height + 1);
        window.left = d % (width - window.width + 1);
        const slope = painted(width, height, (x, y) => [x, y, 0]);
        const found = await decoded(await slope.png().toBuffer(), 'a.png', size, () => window);
        const expected = (at: number, from: number, length: number) =>
          from + ((at + 0.5) * length) / 8 - 0.5;
        // Place and size are rounded by half an output pixel each; at the edge the filter is cut.
        const blur = (length: number) => (1.5 * length) / 8 + 1.5;
        for (const [y, row] of found.entries()) {
          for (const [x, [r, g]] of row.entries()) {
            const [atX, atY] = [
              expected(x, window.left, window.width),
              expected(y, window.top, window.height),
            ];
            expect(Math.abs(r - atX)).toBeLessThan(blur(window.width));
            expect(Math.abs(g - atY)).toBeLessThan(blur(window.height));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the window that is tested', () => {
  test('is the centre of the shorter side scaled to 256 for 224 pixels', () => {
    const square = { height: 224, width: 224 };
    expect(centralWindow({ height: 256, width: 512 }, square)).toEqual({
      top: 16,
      left: 144,
      height: 224,
      width: 224,
    });
    expect(centralWindow({ height: 512, width: 256 }, square)).toEqual({
      top: 144,
      left: 16,
      height: 224,
      width: 224,
    });
    expect(centralWindow({ height: 375, width: 500 }, square)).toMatchObject({
      height: 328,
      width: 328,
    });
  });

  test('lies in the middle of any image and has the shape of the frame', () => {
    const side = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(side, side, side, side, (height, width, frameHeight, frameWidth) => {
        const frame = { height: frameHeight, width: frameWidth };
        const { top, left, height: down, width: across } = centralWindow({ height, width }, frame);
        expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
        expect(Math.abs(height - down - 2 * top)).toBeLessThanOrEqual(1);
        expect(Math.abs(width - across - 2 * left)).toBeLessThanOrEqual(1);
        const scale = Math.min(height / frameHeight, width / frameWidth) * (224 / 256);
        expect(Math.abs(down - scale * frameHeight)).toBeLessThanOrEqual(1);
        expect(Math.abs(across - scale * frameWidth)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
