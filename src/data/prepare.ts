import type { MapShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import type { DataSpec } from '../spec/types.js';
import { stream } from '../util/random.js';
import type { ImageSet } from './image-set.js';
import type { Batch } from './source.js';
import { randomWindow, resized, type Window } from './window.js';

export type Augmentation = DataSpec['augment'];

/** Mean (rounded to a pixel value) and standard deviation of each channel over a training split. */
export function inputScaling({ shape, count, pixels }: ImageSet): InputScaling {
  const { channels } = shape;
  const perChannel = count * shape.height * shape.width || 1;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < pixels.length; i++) {
    sums[i % channels] += pixels[i];
    squares[i % channels] += pixels[i] * pixels[i];
  }
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
  shape: MapShape,
): Placement {
  const random = stream(seed, 'augment', epoch, image);
  const offset = () => random.below(2 * augment.shift + 1) - augment.shift;
  return {
    mirrored: augment.flip && random.below(2) === 1,
    down: offset(),
    right: offset(),
    window: augment.crop < 1 ? randomWindow(shape, augment.crop, random) : null,
  };
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
