import {
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listFolder, listingDigest } from '../../src/data/folder/listing.js';
import { dataDigest, openSplit } from '../../src/data/load.js';
import { allOf, type Batch, type ImageSource, imagesOf } from '../../src/data/source.js';
import type { DataFiles, OnCorrupt } from '../../src/spec/types.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';
import { painted, plain, writeFiles } from '../support/photos.js';

const everything = { train: null, test: null };
const splits = { train: ['train'], test: ['test', 'val'] };
const red = plain([255, 0, 0]);
const blue = plain([0, 0, 255]);

/** Two classes, five training images and two test images. */
function twoClasses(folder = temporaryFolder()) {
  return writeFiles(folder, {
    'train/red/a.jpg': red,
    'train/red/b.png': red,
    'train/red/c.JPEG': red,
    'train/blue/a.webp': blue,
    'train/blue/b.jpg': blue,
    'val/red/x.jpg': red,
    'val/blue/y.jpg': blue,
  });
}

function folderAt(path: string, changes: { classes?: number; onCorrupt?: OnCorrupt } = {}) {
  const data = { set: 'folder', path, image: { height: 16, width: 24 }, classes: 2 } as const;
  return { ...data, limit: everything, onCorrupt: 'fail', ...changes } as const satisfies DataFiles;
}

async function opened(data: DataFiles, split: 'train' | 'test' = 'train'): Promise<ImageSource> {
  const source = await openSplit(data, split);
  onTestFinished(() => source.close());
  return source;
}

/** What a batch holds, copied before the next one takes its slots. */
async function batchesOf(
  ...[source, images, size, moment]: [ImageSource, ...Parameters<ImageSource['batches']>]
) {
  const found: (Pick<Batch, 'images' | 'labels'> & { pixels: Uint8Array[] })[] = [];
  const { height, width } = source.shape;
  for await (const batch of source.batches(images, size, moment)) {
    const bytes = height * width * 3;
    const pixels = Array.from(batch.slots, (slot) =>
      new Uint8Array(batch.pixels, slot * bytes, bytes).slice(),
    );
    found.push({ images: batch.images, labels: batch.labels, pixels });
  }
  return found;
}

describe('a folder of images', () => {
  test('has the sorted class folders for classes, and images in turn from each', async () => {
    const source = await opened(folderAt(await twoClasses()));
    expect(source.classes).toEqual(['blue', 'red']);
    expect(source.shape).toEqual({ height: 16, width: 24, channels: 3 });
    const { count, pixels, labels } = await imagesOf(source, allOf(source));
    expect([...labels]).toEqual([0, 1, 0, 1, 1]);
    labels.forEach((label, i) => {
      const middle = i * 16 * 24 * 3 + (8 * 24 + 12) * 3;
      const [r, , b] = pixels.subarray(middle, middle + 3);
      expect(Math.abs((label === 0 ? b : r) - 255)).toBeLessThan(4);
      expect(label === 0 ? r : b).toBeLessThan(4);
    });
    expect(count).toBe(5);
  });

  test('is cut to the limit of each split, every class among the first', async () => {
    const data = { ...folderAt(await twoClasses()), limit: { train: 3, test: 1 } };
    expect([...(await imagesOf(await opened(data), Uint32Array.of(0, 1, 2))).labels]).toEqual([
      0, 1, 0,
    ]);
    expect((await opened(data, 'test')).count).toBe(1);
  });

  test('is tested on test, or on val where there is no test', async () => {
    const folder = await twoClasses();
    expect((await opened(folderAt(folder), 'test')).count).toBe(2);
    await writeFiles(folder, {
      'test/red/1.jpg': red,
      'test/red/2.jpg': red,
      'test/blue/3.jpg': blue,
    });
    expect((await opened(folderAt(folder), 'test')).count).toBe(3);
  });

  test('passes over what systems leave behind', async () => {
    const folder = await writeFiles(await twoClasses(), {
      'train/.DS_Store': 'x',
      'train/red/.hidden.jpg': 'x',
      'train/red/Thumbs.db': 'x',
    });
    expect((await opened(folderAt(folder))).count).toBe(5);
  });

  test('is known by names, sizes and times of its files, whatever they hold', async () => {
    const folder = await twoClasses();
    const digest = async () => listingDigest(await listFolder(folder, splits));
    const first = await digest();
    expect(await digest()).toBe(first);
    const file = join(folder, 'train/red/a.jpg');
    const old = new Date(2001, 1, 1);
    utimesSync(file, old, old);
    const touched = await digest();
    expect(touched).not.toBe(first);
    const bytes = readFileSync(file);
    writeFileSync(
      file,
      bytes.map((byte) => 255 - byte),
    );
    utimesSync(file, old, old);
    expect(await digest()).toBe(touched);
    truncateSync(file, 10);
    utimesSync(file, old, old);
    expect(await digest()).not.toBe(touched);
    rmSync(join(folder, 'val/red/x.jpg'));
    await writeFiles(folder, { 'val/red/z.jpg': red });
    expect(await digest()).not.toBe(touched);
  });
});

describe('batches', () => {
  const moment = { augment: { flip: true, shift: 1, crop: 0.3 }, seed: 5, epoch: 2 };

  /** Twelve images of noise in two classes. */
  async function noise() {
    const folder = temporaryFolder();
    const files = ['train', 'test'].flatMap((split) =>
      ['a', 'b'].flatMap((name, c) =>
        [0, 1, 2, 3, 4, 5].map((i) => {
          const image = painted(61, 47, (x, y) => {
            const v = (x * 31 + y * 17 * (i + 1) + c * 91 + x * y) % 256;
            return [v, 255 - v, (v * 7) % 256];
          });
          return [`${split}/${name}/${i}.png`, image] as const;
        }),
      ),
    );
    return writeFiles(folder, Object.fromEntries(files));
  }

  test('hand out every image once, in the order asked for, over a ring of memory', async () => {
    const source = await opened(folderAt(await noise()));
    const whole = await imagesOf(source, allOf(source));
    const order = Uint32Array.of(11, 0, 5, 7, 2, 9, 1, 3, 10, 4, 8, 6);
    const bytes = 16 * 24 * 3;
    for (const size of [1, 5, 12, 100]) {
      const found = await batchesOf(source, order, size, null);
      expect(found.flatMap(({ images }) => [...images])).toEqual([...order]);
      expect(Math.max(...found.map(({ images }) => images.length))).toBe(Math.min(size, 12));
      for (const { images, labels, pixels } of found) {
        images.forEach((image, i) => {
          expect(labels[i]).toBe(image % 2);
          expect(pixels[i]).toEqual(whole.pixels.subarray(image * bytes, (image + 1) * bytes));
        });
      }
    }
  });

  test('use no more memory than a few batches, however many images are asked for', async () => {
    const source = await opened(folderAt(await noise()));
    const many = Uint32Array.from({ length: 500 }, (_, i) => i % 12);
    const rings = new Set<SharedArrayBuffer>();
    let seen = 0;
    for await (const batch of source.batches(many, 40, null)) {
      rings.add(batch.pixels);
      seen += batch.images.length;
    }
    expect(seen).toBe(500);
    expect([...rings].map(({ byteLength }) => byteLength)).toEqual([3 * 40 * 16 * 24 * 3]);
  });

  test('are cropped by seed, epoch and image, whatever batch the image comes in', async () => {
    const source = await opened(folderAt(await noise()));
    const byImage = async (order: Uint32Array, size: number, at = moment) => {
      const found = await batchesOf(source, order, size, at);
      const pairs = found.flatMap(({ images, pixels }) =>
        [...images].map((image, i) => [image, pixels[i]] as const),
      );
      return pairs.sort(([a], [b]) => a - b).map(([, pixels]) => pixels);
    };
    const first = await byImage(allOf(source), 4);
    expect(await byImage(allOf(source).reverse(), 5)).toEqual(first);
    for (const other of [
      { ...moment, epoch: 3 },
      { ...moment, seed: 6 },
    ]) {
      const changed = await byImage(allOf(source), 4, other);
      expect(changed.filter((pixels, i) => Buffer.compare(pixels, first[i]) === 0)).toEqual([]);
    }
    const copy = await opened(folderAt(await noise()));
    const found = await batchesOf(copy, allOf(copy), 4, moment);
    expect(found.flatMap(({ pixels }) => pixels)).toEqual(first);
  });

  test('leave flip and shift to the engine, and nothing else', async () => {
    const source = await opened(folderAt(await noise()));
    for await (const batch of source.batches(Uint32Array.of(1), 1, moment)) {
      expect(batch.moment).toEqual({ ...moment, augment: { flip: true, shift: 1, crop: 1 } });
    }
    for await (const batch of source.batches(Uint32Array.of(1), 1, null)) {
      expect(batch.moment).toBeNull();
    }
  });

  test('that nobody waits for any more end quietly', async () => {
    const source = await openSplit(folderAt(await noise()), 'train');
    const many = Uint32Array.from({ length: 3000 }, (_, i) => i % 12);
    for await (const _ of source.batches(many, 500, moment)) break;
    await source.close();
    await expect(batchesOf(source, many, 500, moment)).rejects.toThrow(
      'the image decoder was closed',
    );
  });
});

describe('a folder that is not as it must be is refused by its path', () => {
  const spoiled: readonly (readonly [string, (folder: string) => unknown, string, string])[] = [
    [
      'an empty class folder',
      (f) => mkdirSync(join(f, 'train/green')),
      'train/green',
      'without images',
    ],
    [
      'a class in the training split only',
      (f) => writeFiles(f, { 'train/green/a.jpg': red }),
      'train/green',
      'lacks',
    ],
    [
      'a class in the test split only',
      (f) => writeFiles(f, { 'val/green/a.jpg': red }),
      'val/green',
      'lacks',
    ],
    [
      'a stray file beside images',
      (f) => writeFiles(f, { 'train/red/notes.txt': 'x' }),
      'train/red/notes.txt',
      'JPEG',
    ],
    [
      'a stray file beside classes',
      (f) => writeFiles(f, { 'val/photo.jpg': red }),
      'val/photo.jpg',
      'class folders',
    ],
    [
      'a folder in a class folder',
      (f) => writeFiles(f, { 'train/red/more/a.jpg': red }),
      'train/red/more',
      'no image',
    ],
    [
      'a file in place of a split',
      (f) => {
        rmSync(join(f, 'val'), { recursive: true });
        writeFileSync(join(f, 'val'), '');
      },
      'val',
      'cannot be listed',
    ],
    ['no test split', (f) => rmSync(join(f, 'val'), { recursive: true }), '', 'looked in'],
    ['no training split', (f) => rmSync(join(f, 'train'), { recursive: true }), '', 'looked in'],
  ];

  test.each(spoiled)('%s', async (_, spoil, where, what) => {
    const folder = await twoClasses();
    await spoil(folder);
    for (const act of [
      () => dataDigest(folderAt(folder)),
      () => openSplit(folderAt(folder), 'train'),
      () => openSplit(folderAt(folder), 'test'),
    ]) {
      const failure = await failureOf(act);
      expect(failure.kind).toBe('input');
      expect(failure.message).toContain(join(folder, where));
      expect(failure.message).toContain(what);
      if (where !== 'val') expect(failure.next).not.toHaveLength(0);
    }
  });

  test('another number of classes', async () => {
    const folder = await twoClasses();
    for (const act of [dataDigest, (data: DataFiles) => openSplit(data, 'train')]) {
      const failure = await failureOf(() => act(folderAt(folder, { classes: 3 })));
      expect(failure.message).toBe(
        `data.classes is 3, but ${join(folder, 'train')} holds 2 class folders`,
      );
      expect(failure.next).toEqual(['set data.classes to 2']);
    }
  });

  test('an ImageNet of some classes', async () => {
    const data = { set: 'imagenet', path: await twoClasses(), limit: everything } as const;
    const failure = await failureOf(() => openSplit({ ...data, onCorrupt: 'fail' }, 'train'));
    expect(failure.message).toContain('2 class folders; ImageNet has 1000');
    expect(failure.next.join()).toContain('data.set: folder');
  });
});

describe('an image that cannot be read', () => {
  const whole = (folder: string, name: string) => join(folder, 'train/red', name);
  const half = (folder: string, name: string) => {
    const file = whole(folder, name);
    truncateSync(file, readFileSync(file).length >> 1);
  };
  const cases: readonly (readonly [string, string, (folder: string) => unknown])[] = [
    ['a JPEG that is cut off', 'c.JPEG', (f) => half(f, 'c.JPEG')],
    ['a PNG that is cut off', 'b.png', (f) => half(f, 'b.png')],
    ['an empty file', 'a.jpg', (f) => writeFileSync(whole(f, 'a.jpg'), '')],
    ['a text', 'a.jpg', (f) => writeFileSync(whole(f, 'a.jpg'), '<html>not found</html>')],
    ['a folder', 'd.jpg', (f) => mkdirSync(whole(f, 'd.jpg'))],
    ['a link to nowhere', 'd.jpg', (f) => symlinkSync('nowhere.jpg', whole(f, 'd.jpg'))],
  ];

  test.each(cases)(
    '%s is refused by its path, or passed over and counted',
    async (_, name, spoil) => {
      const folder = await twoClasses();
      // Large enough that half of its file is not just a header.
      const large = painted(200, 150, (x, y) => [(x * y) % 256, (x * 7) % 256, (y * 5) % 256]);
      await writeFiles(folder, { 'train/red/b.png': large, 'train/red/c.JPEG': large });
      await spoil(folder);
      expect(await dataDigest(folderAt(folder))).toMatch(/^[0-9a-f]{64}$/);

      const strict = await opened(folderAt(folder));
      const failure = await failureOf(() => imagesOf(strict, allOf(strict)));
      expect(failure.kind).toBe('input');
      expect(failure.message).toContain(whole(folder, name));
      expect(failure.next.join()).toContain('data.onCorrupt: skip');

      const lenient = await opened(folderAt(folder, { onCorrupt: 'skip' }));
      const { count, labels } = await imagesOf(lenient, allOf(lenient));
      expect(count).toBe(lenient.count - 1);
      expect([...labels].filter((label) => label === 1)).toHaveLength(count - 2);
      expect(lenient.skipped.size).toBe(1);
      await imagesOf(lenient, allOf(lenient));
      expect(lenient.skipped.size).toBe(1);
    },
  );
});

test('more than 255 classes keep their labels', async () => {
  const folder = temporaryFolder();
  const image = await plain([9, 9, 9], 8, 8).png().toBuffer();
  const names = Array.from({ length: 300 }, (_, i) => `c${String(i).padStart(3, '0')}`);
  const files = names.flatMap((name) => [
    [`train/${name}/1.png`, image],
    [`val/${name}/1.png`, image],
  ]);
  await writeFiles(folder, Object.fromEntries(files));
  const source = await opened(folderAt(folder, { classes: 300 }));
  const { labels } = await imagesOf(source, Uint32Array.of(299, 256, 0));
  expect([...labels].map((label) => source.classes[label])).toEqual(['c299', 'c256', 'c000']);
});
