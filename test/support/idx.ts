import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** An IDX file of unsigned bytes, as its format says. */
export function idxFile(dimensions: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, values]);
}

export interface IdxFolder {
  readonly train: number;
  readonly test: number;
  /** Contents to put in place of sound ones, by file name. */
  readonly spoiled?: Readonly<Record<string, Uint8Array>>;
  /** Compress all files. */
  readonly gz?: boolean;
}

/** Writes a data set of 28x28 images; pixel p of image i is (31 i + p) mod 256, its label i mod 10. */
export function writeIdxFolder(folder: string, { train, test, spoiled, gz }: IdxFolder): string {
  mkdirSync(folder, { recursive: true });
  for (const [prefix, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * 784 }, (_, i) =>
      pixelOf(Math.floor(i / 784), i % 784),
    );
    const files = {
      [`${prefix}-images-idx3-ubyte`]: idxFile([count, 28, 28], pixels),
      [`${prefix}-labels-idx1-ubyte`]: idxFile(
        [count],
        Uint8Array.from({ length: count }, (_, i) => i % 10),
      ),
    };
    for (const [name, sound] of Object.entries(files)) {
      const bytes = spoiled?.[name] ?? sound;
      writeFileSync(join(folder, gz ? `${name}.gz` : name), gz ? gzipSync(bytes) : bytes);
    }
  }
  return folder;
}

export function pixelOf(image: number, pixel: number): number {
  return (31 * image + pixel) % 256;
}
