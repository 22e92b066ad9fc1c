import type { MapShape } from '../model/network.js';
import type { ImageSet } from './image-set.js';
import type { AugmentationMoment } from './prepare.js';

/** Images ready for the engine, in slots of memory that all threads share. */
export interface Batch {
  readonly shape: MapShape;
  /** Uint8, [slots, H, W, C]. */
  readonly pixels: SharedArrayBuffer;
  /** The slot in which each image of the batch lies. */
  readonly slots: Uint32Array;
  /** Place of each image in its split: its augmentation is drawn for that. */
  readonly images: Uint32Array;
  /** Class of each image. */
  readonly labels: Uint16Array;
  /** What of the augmentation is still to do; null: nothing. */
  readonly moment: AugmentationMoment | null;
}

/** The images of one split, wherever they are kept. */
export interface ImageSource {
  readonly shape: MapShape;
  readonly count: number;
  /** Names of the classes, by label. */
  readonly classes: readonly string[];
  /** Images over which the scaling of the input is taken. */
  readonly scalingImages: number;
  /** Images that were asked for so far, could not be read and were passed over. */
  readonly skipped: ReadonlySet<number>;
  /**
   * Hands out images in the order given, `size` at a time, the last batch with what is left. A batch
   * stands until the next one is asked for; images that are passed over are missing from theirs.
   *
   * @param moment null: images as they are tested
   * @throws Failure that names a file which is damaged, where it is not passed over
   */
  batches(
    images: Uint32Array,
    size: number,
    moment: AugmentationMoment | null,
  ): AsyncIterable<Batch>;
  /** Ends what reads ahead. */
  close(): Promise<void>;
}

/** A source whose images all lie in memory: image i is slot i. */
export interface MemorySource extends ImageSource {
  batch(images: Uint32Array, moment: AugmentationMoment | null): Batch;
}

/** Every image of a source, in order. */
export function allOf({ count }: Pick<ImageSource, 'count'>): Uint32Array {
  return Uint32Array.from({ length: count }, (_, image) => image);
}

/** Images of one batch while some are copied. */
const copiedAtATime = 64;

/** Some of a batch's images, as a batch. */
export function partOf(batch: Batch, from: number, to: number): Batch {
  return {
    ...batch,
    slots: batch.slots.slice(from, to),
    images: batch.images.slice(from, to),
    labels: batch.labels.slice(from, to),
  };
}

/** Copies an image set into memory that threads share. */
export function memorySource(
  { shape, count, pixels, labels }: ImageSet,
  classes: readonly string[] = [],
): MemorySource {
  const shared = new SharedArrayBuffer(pixels.length);
  new Uint8Array(shared).set(pixels);
  const batch: MemorySource['batch'] = (images, moment) => ({
    shape,
    pixels: shared,
    slots: images,
    images,
    labels: Uint16Array.from(images, (image) => labels[image]),
    moment,
  });
  return {
    shape,
    count,
    classes,
    scalingImages: count,
    skipped: new Set(),
    batch,
    async *batches(images, size, moment) {
      for (let from = 0; from < images.length; from += size) {
        yield batch(images.slice(from, from + size), moment);
      }
    },
    async close() {},
  };
}

/**
 * Copies some of a source's images into memory, as they are tested.
 *
 * @param images those that were passed over are left out
 */
export async function imagesOf(source: ImageSource, images: Uint32Array): Promise<ImageSet> {
  const { shape } = source;
  const size = shape.height * shape.width * shape.channels;
  const found = new Uint8Array(images.length * size);
  const labels: number[] = [];
  for await (const batch of source.batches(images, copiedAtATime, null)) {
    const pixels = new Uint8Array(batch.pixels);
    for (const [i, slot] of batch.slots.entries()) {
      found.set(pixels.subarray(slot * size, (slot + 1) * size), labels.length * size);
      labels.push(batch.labels[i]);
    }
  }
  const count = labels.length;
  return {
    shape,
    count,
    pixels: found.subarray(0, count * size),
    labels: Uint16Array.from(labels),
  };
}
