import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageSet } from '../../src/data/load.js';
import { type Augmentation, inputScaling, scaledImages } from '../../src/data/prepare.js';
import { allOf, memorySource } from '../../src/data/source.js';
import { stream } from '../../src/util/random.js';
import { expectClose } from '../support/numbers.js';

function randomSet(height: number, width: number, channels: number, count: number, seed: number) {
  const random = stream(seed, 'pixels');
  const length = count * height * width * channels;
  const pixels = Uint8Array.from({ length }, () => random.below(256));
  const set: ImageSet = {
    shape: { height, width, channels },
    ...{ count, pixels, labels: new Uint16Array(count) },
  };
  return set;
}

const sets = fc
  .tuple(
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 5 }),
    fc.nat(),
  )
  .map((sizes) => randomSet(...sizes));

const plain = { zero: [0, 0, 0], scale: [1, 1, 1] };

/** No augmentation. */
const plainly: Augmentation = { flip: false, shift: 0, crop: 1 };

/** One image of a set as rows of pixels of channel values. */
function imageOf({ shape }: ImageSet, values: ArrayLike<number>, image: number): number[][][] {
  const { height, width, channels } = shape;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      Array.from(
        { length: channels },
        (_, c) => values[((image * height + y) * width + x) * channels + c],
      ),
    ),
  );
}

function augmented(set: ImageSet, augment: Augmentation, epoch: number, seed = 1): number[][][][] {
  const source = memorySource(set);
  const all = allOf(source);
  const values = scaledImages(source.batch(all, { augment, seed, epoch }), plain);
  return [...all].map((image) => imageOf(set, values, image));
}

describe('the scaling of a training set', () => {
  test('is the rounded mean and the standard deviation of every channel', async () => {
    await fc.assert(
      fc.asyncProperty(sets, fc.nat(), async (set, seed) => {
        const { channels } = set.shape;
        const { zero, scale } = await inputScaling(memorySource(set), seed);
        for (let c = 0; c < channels; c++) {
          const own = [...set.pixels].filter((_, i) => i % channels === c);
          const mean = own.reduce((sum, p) => sum + p, 0) / own.length;
          const square = own.reduce((sum, p) => sum + (p - mean) ** 2, 0) / own.length;
          expect(zero[c]).toBe(Math.round(mean));
          expect(scale[c]).toBeCloseTo(Math.max(1, Math.sqrt(square)), 8);
        }
      }),
    );
  });

  test('never divides by zero, even over a blank image', async () => {
    const blank: ImageSet = { ...randomSet(2, 2, 1, 1, 1), pixels: new Uint8Array(4).fill(9) };
    expect(await inputScaling(memorySource(blank), 1)).toEqual({ zero: [9], scale: [1] });
  });
});

describe('images enter the network', () => {
  test('as (pixel - zero) / scale, in the order asked for', () => {
    fc.assert(
      fc.property(sets, fc.array(fc.nat(), { maxLength: 6 }), (set, wanted) => {
        const scaling = { zero: [3, 100, 250], scale: [2, 77.5, 0.3] };
        const indices = Uint32Array.from(wanted, (n) => n % set.count);
        const size = set.pixels.length / set.count;
        const expected = [...indices].flatMap((image) =>
          [...set.pixels.subarray(image * size, (image + 1) * size)].map((pixel, i) => {
            const c = i % set.shape.channels;
            return (pixel - scaling.zero[c]) / scaling.scale[c];
          }),
        );
        expectClose(scaledImages(memorySource(set).batch(indices, null), scaling), expected, 1e-6);
      }),
    );
  });

  test('as stored when augmentation is off', () => {
    fc.assert(
      fc.property(sets, fc.nat(), (set, epoch) => {
        expect(augmented(set, plainly, epoch)).toEqual(
          Array.from({ length: set.count }, (_, i) => imageOf(set, set.pixels, i)),
        );
      }),
    );
  });
});

describe('augmentation', () => {
  const set = randomSet(6, 5, 2, 200, 9);
  const stored = Array.from({ length: set.count }, (_, i) => imageOf(set, set.pixels, i));
  const mirrored = stored.map((image) => image.map((row) => row.toReversed()));
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

  /** `image` moved within its frame, zeros coming in from outside. */
  function moved(image: number[][][], down: number, right: number): number[][][] {
    return image.map((row, y) => row.map((_, x) => image[y - down]?.[x - right] ?? [0, 0]));
  }

  /** All ways in which `image` came out of `original`. */
  function placements(image: number[][][], original: number[][][], shift: number): string[] {
    const offsets = Array.from({ length: 2 * shift + 1 }, (_, i) => i - shift);
    return offsets.flatMap((down) =>
      offsets
        .filter((right) => isSame(image, moved(original, down, right)))
        .map((right) => `${down} ${right}`),
    );
  }

  test('flip mirrors about half of the images and leaves the others', () => {
    const flips = augmented(set, { ...plainly, flip: true }, 0).map((image, i) => {
      const isMirrored = isSame(image, mirrored[i]);
      expect(isMirrored || isSame(image, stored[i])).toBe(true);
      return isMirrored;
    });
    const share = flips.filter(Boolean).length / set.count;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
  });

  test('shift moves images by up to so many pixels, to every place about equally often', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 5; epoch++) {
      augmented(set, { ...plainly, shift: 1 }, epoch).forEach((image, i) => {
        const found = placements(image, stored[i], 1);
        expect(found).toHaveLength(1);
        counts.set(found[0], (counts.get(found[0]) ?? 0) + 1);
      });
    }
    expect(counts.size).toBe(9);
    for (const count of counts.values()) {
      expect(Math.abs(count - 1000 / 9)).toBeLessThan(5 * Math.sqrt(1000 / 9));
    }
  });

  test('both together: a mirrored image moves too', () => {
    augmented(set, { ...plainly, flip: true, shift: 2 }, 3).forEach((image, i) => {
      const found = [...placements(image, stored[i], 2), ...placements(image, mirrored[i], 2)];
      expect(found).toHaveLength(1);
    });
  });

  test('is decided by seed, epoch and image, whatever batch the image comes in', () => {
    const augment = { ...plainly, flip: true, shift: 2 };
    const whole = augmented(set, augment, 4);
    expect(augmented(set, augment, 4)).toEqual(whole);
    expect(augmented(set, augment, 5)).not.toEqual(whole);
    expect(augmented(set, augment, 4, 2)).not.toEqual(whole);
    const moment = { augment, seed: 1, epoch: 4 };
    const batch = scaledImages(memorySource(set).batch(Uint32Array.of(70, 7), moment), plain);
    expect([imageOf(set, batch, 0), imageOf(set, batch, 1)]).toEqual([whole[70], whole[7]]);
  });
});
