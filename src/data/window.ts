import type { MapShape } from '../model/network.js';
import type { RandomStream } from '../util/random.js';

/** A rectangle of whole pixels within an image. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Draws before the whole image is taken. */
const attempts = 10;

/**
 * A random part of an image: its area uniform between `smallest` (0..1) of the image's and all of it,
 * the logarithm of width / height uniform between those of 3/4 and 4/3, its place uniform (Szegedy et
 * al., Going Deeper with Convolutions, 2014). Where no draw fits: the whole image.
 */
export function randomWindow(
  { height, width }: Pick<MapShape, 'height' | 'width'>,
  smallest: number,
  random: RandomStream,
): Window {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = (smallest + random.uniform() * (1 - smallest)) * height * width;
    const ratio = (4 / 3) ** (2 * random.uniform() - 1);
    const across = Math.max(1, Math.round(Math.sqrt(area * ratio)));
    const down = Math.max(1, Math.round(Math.sqrt(area / ratio)));
    if (across > width || down > height) continue;
    const top = random.below(height - down + 1);
    return { top, left: random.below(width - across + 1), height: down, width: across };
  }
  return { top: 0, left: 0, height, width };
}

/** Where an output pixel lies between two pixels of its window, along one axis. */
interface Between {
  readonly low: number;
  readonly high: number;
  /** Share of the higher pixel, 0..1. */
  readonly share: number;
}

function between(place: number, size: number, from: number, length: number): Between {
  const centre = ((place + 0.5) * length) / size - 0.5;
  const inside = Math.min(length - 1, Math.max(0, centre));
  const low = Math.floor(inside);
  return { low: from + low, high: from + Math.min(length - 1, low + 1), share: inside - low };
}

/** The part of an image in `window` at the image's own size [H, W, C], bilinear between pixel centres. */
export function resized(pixels: Uint8Array, shape: MapShape, window: Window): Float32Array {
  const { height, width, channels } = shape;
  const rows = Array.from({ length: height }, (_, y) =>
    between(y, height, window.top, window.height),
  );
  const columns = Array.from({ length: width }, (_, x) =>
    between(x, width, window.left, window.width),
  );
  const out = new Float32Array(height * width * channels);
  let i = 0;
  for (const row of rows) {
    for (const column of columns) {
      const topLeft = (row.low * width + column.low) * channels;
      const topRight = (row.low * width + column.high) * channels;
      const lowLeft = (row.high * width + column.low) * channels;
      const lowRight = (row.high * width + column.high) * channels;
      for (let c = 0; c < channels; c++) {
        const top = pixels[topLeft + c] * (1 - column.share) + pixels[topRight + c] * column.share;
        const low = pixels[lowLeft + c] * (1 - column.share) + pixels[lowRight + c] * column.share;
        out[i++] = top * (1 - row.share) + low * row.share;
      }
    }
  }
  return out;
}
