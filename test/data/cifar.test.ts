import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDataSet, loadSplit } from '../../src/data/load.js';
import { dataSets } from '../../src/data/sets.js';
import { planes, writeCifar10, writeCifar100 } from '../support/cifar.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

const everything = { train: null, test: null };

/** What {@link planes} says, pixel by pixel. */
function pixelsOf(shift: number): number[] {
  return Array.from({ length: 1024 }, (_, p) =>
    [0, 80, 160].map((c) => (p + c + shift) % 256),
  ).flat();
}

describe('CIFAR-10, binary version', () => {
  test('gives planes as pixels, batch after batch', async () => {
    const path = writeCifar10(temporaryFolder(), {
      'data_batch_1.bin': [
        [3, ...planes(0)],
        [9, ...planes(5)],
      ],
      'data_batch_2.bin': [[7, ...planes(100)]],
      'test_batch.bin': [[1, ...planes(31)]],
    });
    const train = await loadSplit({ set: 'cifar10', path, limit: everything }, 'train');
    expect(train.shape).toEqual({ height: 32, width: 32, channels: 3 });
    expect([train.count, train.labels.length, train.pixels.length]).toEqual([
      50_000,
      50_000,
      50_000 * 3072,
    ]);
    const image = (i: number) => [...train.pixels.subarray(i * 3072, (i + 1) * 3072)];
    expect([image(0), image(1), image(10_000)]).toEqual([pixelsOf(0), pixelsOf(5), pixelsOf(100)]);
    expect([0, 1, 2, 10_000].map((i) => train.labels[i])).toEqual([3, 9, 0, 7]);

    const testing = await loadSplit({ set: 'cifar10', path, limit: everything }, 'test');
    expect([testing.count, testing.labels[0]]).toEqual([10_000, 1]);
    expect([...testing.pixels.subarray(0, 3072)]).toEqual(pixelsOf(31));
  });

  test('is cut to the limit, across batches', async () => {
    const path = writeCifar10(temporaryFolder(), { 'data_batch_2.bin': [[4], [5]] });
    const limit = { train: 10_001, test: 2 };
    const train = await loadSplit({ set: 'cifar10', path, limit }, 'train');
    expect([train.count, train.labels[10_000], train.pixels.length]).toEqual([
      10_001,
      4,
      10_001 * 3072,
    ]);
    expect((await loadSplit({ set: 'cifar10', path, limit }, 'test')).count).toBe(2);
  });

  test.each([
    ['cut off in an image', (file: string) => truncateSync(file, 3073 * 7 + 20), 'ends in image 7'],
    ['cut off behind an image', (file: string) => truncateSync(file, 3073 * 9999), 'image 9999'],
    ['empty', (file: string) => truncateSync(file, 0), 'ends in image 0'],
    ['too long', (file: string) => appendFileSync(file, 'x'), '1 bytes follow the last image'],
  ])('a batch that is %s is refused by its path', async (_, spoil, what) => {
    const path = writeCifar10(temporaryFolder());
    spoil(join(path, 'data_batch_3.bin'));
    const failure = await failureOf(() =>
      loadSplit({ set: 'cifar10', path, limit: everything }, 'train'),
    );
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain(join(path, 'data_batch_3.bin'));
    expect(failure.message).toContain(what);
    expect(failure.next).not.toHaveLength(0);
  });

  test('a label that is no class is refused by file and image', async () => {
    const path = writeCifar10(temporaryFolder(), { 'test_batch.bin': [[0], [9], [10]] });
    const failure = await failureOf(() =>
      loadSplit({ set: 'cifar10', path, limit: everything }, 'test'),
    );
    expect(failure.message).toContain(join(path, 'test_batch.bin'));
    expect(failure.message).toContain('label 10 of image 2');
  });

  test('with a batch missing is not there', async () => {
    const path = writeCifar10(temporaryFolder());
    expect(findDataSet({ set: 'cifar10', path })).toBe(path);
    rmSync(join(path, 'data_batch_4.bin'));
    const failure = await failureOf(() => findDataSet({ set: 'cifar10', path }));
    expect(failure.message).toContain(path);
    expect(failure.next.join('\n')).toContain('data_batch_1.bin');
  });
});

describe('CIFAR-100, binary version', () => {
  test('is labelled by the fine class, the second byte', async () => {
    const path = writeCifar100(temporaryFolder(), {
      'train.bin': [
        [19, 11, ...planes(1)],
        [4, 0],
        [5, 99],
      ],
    });
    const limit = { train: 3, test: null };
    const train = await loadSplit({ set: 'cifar100', path, limit }, 'train');
    expect([...train.labels]).toEqual([11, 0, 99]);
    expect([...train.pixels.subarray(0, 3072)]).toEqual(pixelsOf(1));
    expect((await loadSplit({ set: 'cifar100', path, limit }, 'test')).count).toBe(10_000);
  });

  test('has a hundred classes in alphabetical order; a label beyond them is refused', async () => {
    const { names: classes } = dataSets.cifar100;
    expect(new Set(classes).size).toBe(100);
    expect(classes).toEqual([...classes].sort());
    const path = writeCifar100(temporaryFolder(), { 'test.bin': [[0, 100]] });
    const failure = await failureOf(() =>
      loadSplit({ set: 'cifar100', path, limit: everything }, 'test'),
    );
    expect(failure.message).toContain('label 100 of image 0');
  });
});
