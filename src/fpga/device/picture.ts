import sharp from 'sharp';
import type { MapShape } from '../../model/network.js';
import { Failure } from '../../util/failure.js';

/** An image file as a network takes it. */
export interface Picture {
  /** [height, width, channels]. */
  readonly pixels: Uint8Array;
  /** Size in the file; null where it was right. */
  readonly resizedFrom: { readonly width: number; readonly height: number } | null;
}

/**
 * Reads an image file (PNG, JPEG, WebP and what else sharp reads) in the shape of a network's input:
 * grey for one channel, RGB for three; scaled to its size where it has another, whatever its proportions.
 *
 * @throws Failure of kind `input` where the file cannot be read, or the network sees other channels
 */
export async function readPicture(file: string, shape: MapShape): Promise<Picture> {
  const { height, width, channels } = shape;
  if (channels !== 1 && channels !== 3) {
    throw new Failure('input', `the network sees ${channels} channels, an image file has 1 or 3`);
  }
  try {
    const image = sharp(file, { failOn: 'error' });
    const { autoOrient: size } = await image.metadata();
    const fits = size.width === width && size.height === height;
    const upright = image.autoOrient();
    const pixels = await (fits ? upright : upright.resize(width, height, { fit: 'fill' }))
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
    const resizedFrom = fits ? null : { width: size.width, height: size.height };
    return { pixels, resizedFrom };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('input', `${file} cannot be read as an image: ${why}`, [
      'name a PNG, JPEG or WebP file',
    ]);
  }
}
