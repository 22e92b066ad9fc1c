import type { MapShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import type { DataSpec } from '../spec/types.js';
import { stream } from '../util/random.js';
import type { ImageSet } from './image-set.js';
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
 * Images in the form in which they enter the network: (pixel - zero) / scale, [images, H, W, C].
 * Pixels that augmentation moves in from outside are 0, the network's own padding.
 *
 * @param indices images of `set` to take
 * @param moment null: images as they are stored
 */
export function scaledImages(
  set: Pick<ImageSet, 'shape' | 'pixels'>,
  scaling: InputScaling,
  indices: Uint32Array,
  moment: AugmentationMoment | null,
): Float32Array {
  const size = set.shape.height * set.shape.width * set.shape.channels;
  const scaled = new Float32Array(indices.length * size);
  const moving = moment && isOn(moment.augment) ? moment : null;
  indices.forEach((image, i) => {
    const placement = moving ? place(moving, image, set.shape) : asStored;
    const stored = set.pixels.subarray(image * size, (image + 1) * size);
    const pixels = placement.window ? resized(stored, set.shape, placement.window) : stored;
    writeImage(pixels, set.shape, scaling, placement, scaled.subarray(i * size, (i + 1) * size));
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
