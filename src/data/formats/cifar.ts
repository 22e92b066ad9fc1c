import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../util/failure.js';
import type { Split } from '../image-set.js';
import { type FileFormat, requireClasses } from './format.js';

/** One of the CIFAR data sets in its binary version (www.cs.toronto.edu/~kriz/cifar.html). */
export interface CifarLayout {
  /** Files of each split. */
  readonly files: Readonly<Record<Split, readonly string[]>>;
  /** Images of one file of each split. */
  readonly images: Readonly<Record<Split, number>>;
  /** Bytes in front of an image's pixels, the last of them its class. */
  readonly labelBytes: number;
}

/**
 * The binary version of a CIFAR data set: files of records, each the labels and then the pixels of
 * one image, a plane of red values, one of green and one of blue, row by row.
 */
export function cifar({ files, images, labelBytes }: CifarLayout): FileFormat {
  const allFiles = [...files.train, ...files.test];
  return {
    kind: 'files',

    isIn: (folder) => allFiles.every((file) => existsSync(join(folder, file))),

    files: (folder) => allFiles.map((file) => join(folder, file)),

    async load({ folder, info, limit }, split) {
      const { image: shape } = info;
      const planeSize = shape.height * shape.width;
      const imageSize = planeSize * shape.channels;
      const recordSize = labelBytes + imageSize;
      const available = files[split].length * images[split];
      const count = Math.min(available, limit ?? available);
      const pixels = new Uint8Array(count * imageSize);
      const labels = new Uint16Array(count);

      const needed = Math.ceil(count / images[split]);
      for (const [i, name] of files[split].slice(0, needed).entries()) {
        const file = join(folder, name);
        const bytes = await readFile(file);
        requireSize(bytes, images[split], recordSize, file);
        const first = i * images[split];
        const wanted = Math.min(images[split], count - first);
        for (let image = 0; image < wanted; image++) {
          const record = bytes.subarray(image * recordSize, (image + 1) * recordSize);
          labels[first + image] = record[labelBytes - 1];
          const target = pixels.subarray((first + image) * imageSize);
          interleave(record.subarray(labelBytes), planeSize, target);
        }
        requireClasses(labels.subarray(first, first + wanted), info, file);
      }
      return { shape, count, pixels, labels };
    },
  };
}

function requireSize(bytes: Uint8Array, images: number, recordSize: number, file: string): void {
  if (bytes.length === images * recordSize) return;
  const where =
    bytes.length < images * recordSize
      ? `it ends in image ${Math.floor(bytes.length / recordSize)}`
      : `${bytes.length - images * recordSize} bytes follow the last image`;
  throw new Failure(
    'input',
    `${file}: ${images} images of ${recordSize} bytes promised, ${bytes.length} bytes found: ${where}`,
    ['fetch the binary version of the data set again'],
  );
}

/** Writes one image's planes [channels, size] as pixels [size, channels]. */
function interleave(planes: Uint8Array, size: number, pixels: Uint8Array): void {
  const channels = planes.length / size;
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < size; i++) pixels[i * channels + channel] = planes[channel * size + i];
  }
}
