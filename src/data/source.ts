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
  /**
   * Hands out images in the order given, `size` at a time, the last batch with what is left. A batch
   * stands until the next one is asked for.
   *
   * @param moment null: images as they are tested
   */
  batches(
    images: Uint32Array,
    size: number,
    moment: AugmentationMoment | null,
  ): AsyncIterable<Batch>;
}

/** A source whose images all lie in memory: image i is slot i. */
export interface MemorySource extends ImageSource {
  batch(images: Uint32Array, moment: AugmentationMoment | null): Batch;
}

/** Every image of a source, in order. */
export function allOf({ count }: Pick<ImageSource, 'count'>): Uint32Array {
  return Uint32Array.from({ length: count }, (_, image) => image);
}

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
export function memorySource({ shape, count, pixels, labels }: ImageSet): MemorySource {
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
    batch,
    async *batches(images, size, moment) {
      for (let from = 0; from < images.length; from += size) {
        yield batch(images.slice(from, from + size), moment);
      }
    },
  };
}
