import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../../util/failure.js';
import type { Split } from '../image-set.js';
import { type FileFormat, requireClasses } from './format.js';
import { decodeIdx } from './idx-array.js';

const filesOf: Record<Split, { images: string; labels: string }> = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
};

const allFiles = Object.values(filesOf).flatMap(({ images, labels }) => [images, labels]);

/** The file as it lies in `folder`, plain or compressed; null: it is not there. */
function present(folder: string, name: string): string | null {
  const candidates = [name, `${name}.gz`].map((file) => join(folder, file));
  return candidates.find((file) => existsSync(file)) ?? null;
}

/** MNIST's format: an IDX file of images and one of labels for each split, plain or `.gz`. */
export const idx: FileFormat = {
  kind: 'files',

  isIn: (folder) => allFiles.every((file) => present(folder, file) !== null),

  files: (folder) => allFiles.map((name) => present(folder, name) ?? join(folder, name)),

  async load({ folder, info, limit }, split) {
    const images = await readIdx(folder, filesOf[split].images);
    const labels = await readIdx(folder, filesOf[split].labels);
    const { image: shape } = info;
    const [available, height, width] = images.dimensions;
    if (images.dimensions.length !== 3 || height !== shape.height || width !== shape.width) {
      throw new Failure(
        'input',
        `${images.file}: holds ${images.dimensions.join(' x ')} values, ` +
          `${info.title} has images of ${shape.height} x ${shape.width}`,
      );
    }
    if (labels.dimensions.length !== 1 || labels.dimensions[0] !== available) {
      throw new Failure(
        'input',
        `${labels.file}: ${labels.dimensions.join(' x ')} labels for ${available} images`,
      );
    }
    const classes = Uint16Array.from(labels.values);
    requireClasses(classes, info, labels.file);
    const count = Math.min(available, limit ?? available);
    return {
      shape,
      count,
      pixels: images.values.subarray(0, count * height * width * shape.channels),
      labels: classes.subarray(0, count),
    };
  },
};

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
