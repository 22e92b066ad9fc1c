import type { DataSetName, StoredSetName } from '../../spec/types.js';
import { cifar } from './cifar.js';
import type { FileFormat, Format } from './format.js';
import { idx } from './idx.js';

/** How each data set lies in its files. */
export const formatOf = {
  mnist: idx,
  'fashion-mnist': idx,
  cifar10: cifar({
    files: {
      train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
      test: ['test_batch.bin'],
    },
    images: { train: 10_000, test: 10_000 },
    labelBytes: 1,
  }),
  // Two labels an image: the coarse one (of 20) and the fine one.
  cifar100: cifar({
    files: { train: ['train.bin'], test: ['test.bin'] },
    images: { train: 50_000, test: 10_000 },
    labelBytes: 2,
  }),
  imagenet: { kind: 'folders', splits: { train: ['train'], test: ['val'] } },
  folder: { kind: 'folders', splits: { train: ['train'], test: ['test', 'val'] } },
} as const satisfies Readonly<Record<StoredSetName, FileFormat>> &
  Readonly<Record<DataSetName, Format>>;
