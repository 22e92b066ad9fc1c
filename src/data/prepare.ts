import type { MapShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import type { DataSpec } from '../spec/types.js';
import { permutation, stream } from '../util/random.js';
import type { Batch, ImageSource } from './source.js';
import { randomWindow, resized, type Window } from './window.js';

/** Images of one batch while the scaling is taken. */
const scalingBatch = 64;

export type Augmentation = DataSpec['augment'];

/**
 * Mean (rounded to a pixel value) and standard deviation of each channel over the images of a
 * training split: all that lie in memory, else `scalingImages` of them, drawn from the seed.
 */
export async function inputScaling(source: ImageSource, seed: number): Promise<InputScaling> {
  const { shape, count, scalingImages } = source;
  const { channels } = shape;
  const size = shape.height * shape.width * channels;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const drawn = permutation(count, stream(seed, 'scaling')).slice(0, scalingImages).sort();
  let seen = 0;
  for await (const { pixels, slots } of source.batches(drawn, scalingBatch, null)) {
    for (const slot of slots) {
      const image = new Uint8Array(pixels, slot * size, size);
      for (let i = 0; i < size; i++) {
        sums[i % channels] += image[i];
        squares[i % channels] += image[i] * image[i];
      }
    }
    seen += slots.length;
  }
  const perChannel = seen * shape.height * shape.width || 1;
  const means = Array.from(sums, (sum) => sum / perChannel);
  return {
    zero: means.map(Math.round),
    scale: means.map((mean, c) => Math.sqrt(Math.max(1, squares[c] / perChannel - mean * mean))),
  };
}

/** What augmentation needs to know of the moment. */
export interface AugmentationMoment {
  readonly augment: Augmentation;
  readonly seed: number;
  readonly epoch: number;
}

/** How one image is moved before training sees it. */
interface Placement {
  readonly mirrored: boolean;
  readonly down: number;
  readonly right: number;
  /** The part of the image that fills it; null: the whole. */
  readonly window: Window | null;
}

const asStored: Placement = { mirrored: false, down: 0, right: 0, window: null };

/** Where an image lands in one epoch: decided by seed, epoch and image alone. */
function place(
  { augment, seed, epoch }: AugmentationMoment,
  image: number,
  size: Pick<MapShape, 'height' | 'width'>,
): Placement {
  const random = stream(seed, 'augment', epoch, image);
  const offset = () => random.below(2 * augment.shift + 1) - augment.shift;
  return {
    mirrored: augment.flip && random.below(2) === 1,
    down: offset(),
    right: offset(),
    window: augment.crop < 1 ? randomWindow(size, augment.crop, random) : null,
  };
}

/** The random part that `augment.crop` takes of an image of this size; by default the whole. */
export function windowOf(
  moment: AugmentationMoment,
  image: number,
  size: Pick<MapShape, 'height' | 'width'>,
): Window {
  return place(moment, image, size).window ?? { top: 0, left: 0, ...size };
}

/**
 * A batch in the form in which it enters the network: (pixel - zero) / scale, [images, H, W, C].
 * Pixels that augmentation moves in from outside are 0, the network's own padding.
 */
export function scaledImages(batch: Batch, scaling: InputScaling): Float32Array {
  const { shape, slots, images, moment } = batch;
  const all = new Uint8Array(batch.pixels);
  const size = shape.height * shape.width * shape.channels;
  const scaled = new Float32Array(images.length * size);
  const moving = moment && isOn(moment.augment) ? moment : null;
  images.forEach((image, i) => {
    const placement = moving ? place(moving, image, shape) : asStored;
    const stored = all.subarray(slots[i] * size, (slots[i] + 1) * size);
    const pixels = placement.window ? resized(stored, shape, placement.window) : stored;
    writeImage(pixels, shape, scaling, placement, scaled.subarray(i * size, (i + 1) * size));
  });
  return scaled;
}

function isOn({ flip, shift, crop }: Augmentation): boolean {
  return flip || shift > 0 || crop < 1;
}

function writeImage(
  pixels: Uint8Array | Float32Array,
  { height, width, channels }: MapShape,
  { zero, scale }: InputScaling,
  { mirrored, down, right }: Placement,
  scaled: Float32Array,
): void {
  for (let row = 0; row < height; row++) {
    const fromRow = row - down;
    if (fromRow < 0 || fromRow >= height) continue;
    for (let column = 0; column < width; column++) {
      const fromColumn = (mirrored ? width - 1 - column : column) - right;
      if (fromColumn < 0 || fromColumn >= width) continue;
      for (let c = 0; c < channels; c++) {
        const pixel = pixels[(fromRow * width + fromColumn) * channels + c];
        scaled[(row * width + column) * channels + c] = (pixel - zero[c]) / scale[c];
      }
    }
  }
}
