import { extname, join } from 'node:path';
import { centralWindow, decodeImage } from '../data/folder/decode.js';
import type { MapShape } from '../model/network.js';
import type { InputScaling } from '../model/trained.js';
import { Failure } from '../util/failure.js';
import { errorCode, listFiles } from '../util/files.js';
import { stream } from '../util/random.js';

const extensions = ['.jpg', '.jpeg', '.png', '.webp'];

/**
 * Images of a folder, however deep, cut and scaled as images are tested: at most `count`, spread
 * evenly over their names in order.
 *
 * @throws Failure where there are none, one cannot be read, or the network takes no colour images
 */
export async function calibrationImages(
  folder: string,
  shape: MapShape,
  count: number,
): Promise<Uint8Array[]> {
  if (shape.channels !== 3) {
    throw new Failure(
      'input',
      `${folder}: images have 3 channels, the network takes ${shape.channels}`,
    );
  }
  const files = await listFiles(folder).catch((cause: unknown) => {
    const why = errorCode(cause) ?? String(cause);
    throw new Failure('input', `${folder}: cannot be listed (${why})`, ['name a folder of images']);
  });
  const images = files.filter((file) => extensions.includes(extname(file).toLowerCase()));
  if (images.length === 0) {
    throw new Failure('input', `${folder}: holds no images`, [
      `images are told by their names: ${extensions.join(', ')}`,
    ]);
  }
  const taken = Math.min(count, images.length);
  const chosen = Array.from(
    { length: taken },
    (_, i) => images[Math.floor((i * images.length) / taken)],
  );
  return Promise.all(
    chosen.map((file) =>
      decodeImage(join(folder, file), shape, (image) => centralWindow(image, shape)).catch(
        (cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Failure(
            'input',
            `${join(folder, file)}: not an image that can be read: ${why}`,
          );
        },
      ),
    ),
  );
}

/** Waves of which a synthetic image is made. */
const waves = 6;

/**
 * Images of random waves and noise with about the mean and deviation of the images that a network is
 * for, where there are none: enough to see how far activations reach, not what a network is worth.
 */
export function syntheticImages(
  { height, width, channels }: MapShape,
  { zero, scale }: InputScaling,
  count: number,
): Uint8Array[] {
  return Array.from({ length: count }, (_, image) => {
    const random = stream(0, 'synthetic image', image);
    const pixels = new Uint8Array(height * width * channels);
    for (let c = 0; c < channels; c++) {
      const parts = Array.from({ length: waves }, () => ({
        down: (random.normal() * 8) / height,
        across: (random.normal() * 8) / width,
        phase: random.uniform(),
      }));
      for (let p = 0; p < height * width; p++) {
        const [row, column] = [Math.floor(p / width), p % width];
        let value = 0.3 * random.normal();
        for (const { down, across, phase } of parts) {
          const turns = down * row + across * column + phase;
          value += Math.sqrt(2 / waves) * Math.cos(2 * Math.PI * turns);
        }
        pixels[p * channels + c] = Math.max(
          0,
          Math.min(255, Math.round(zero[c] + scale[c] * value)),
        );
      }
    }
    return pixels;
  });
}
