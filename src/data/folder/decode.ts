import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { MapShape } from '../../model/network.js';
import type { Window } from '../window.js';

type Size = Pick<MapShape, 'height' | 'width'>;

/** Images are decoded side by side, each on one thread, and none is seen twice before it is forgotten. */
sharp.concurrency(1);
sharp.cache(false);

/** The share of the covering image that the central crop keeps along each axis. */
const centralShare = 224 / 256;

/**
 * The part of an image that is tested: what of it a frame of `size` holds when the image just covers
 * a frame 256/224 times as large (the usual protocol of ImageNet), in the image's pixels.
 */
export function centralWindow({ height, width }: Size, size: Size): Window {
  const scale = Math.min(height / size.height, width / size.width) * centralShare;
  const within = (length: number, all: number) => Math.min(all, Math.max(1, Math.round(length)));
  const down = within(size.height * scale, height);
  const across = within(size.width * scale, width);
  const top = Math.floor((height - down) / 2);
  return { top, left: Math.floor((width - across) / 2), height: down, width: across };
}

/**
 * Reads an image file (JPEG, PNG, WebP; grey, CMYK, 16 bits or with alpha) as 8-bit RGB, turned as
 * its EXIF orientation says, and scales the part in a window to `size` [H, W, 3], by a triangle filter
 * as wide as two of the pixels that it makes. Place and size of the window are rounded to half of one.
 *
 * @param windowOf the window in an image of this size
 * @throws Error that says why the file cannot be read or decoded
 */
export async function decodeImage(
  path: string,
  size: Size,
  windowOf: (image: Size) => Window,
): Promise<Uint8Array> {
  const file = await readFile(path);
  const { autoOrient: image } = await sharp(file).metadata();
  const window = windowOf(image);
  // The whole is scaled and the part cut from it: JPEG can then be decoded at a smaller scale.
  const width = Math.max(size.width, Math.round((image.width * size.width) / window.width));
  const height = Math.max(size.height, Math.round((image.height * size.height) / window.height));
  const left = Math.round((window.left * width) / image.width);
  const top = Math.round((window.top * height) / image.height);
  return sharp(file, { failOn: 'error' })
    .autoOrient()
    .resize(width, height, { fit: 'fill', kernel: 'linear' })
    .extract({
      left: Math.min(left, width - size.width),
      top: Math.min(top, height - size.height),
      width: size.width,
      height: size.height,
    })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer();
}
