import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number];

/** An image of one colour. */
export function plain([r, g, b]: Colour, width = 40, height = 30): Sharp {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

/** An image whose every pixel `paint` decides. */
export function painted(
  width: number,
  height: number,
  paint: (x: number, y: number) => Colour,
): Sharp {
  const pixels = Uint8Array.from(
    Array.from({ length: width * height }, (_, i) =>
      paint(i % width, Math.floor(i / width)),
    ).flat(),
  );
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/**
 * Writes files by their path below `folder`: bytes as they are, images in the format that their
 * name's ending says.
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Sharp | Uint8Array | string>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content);
    else await content.toFormat(formatOf(name)).toFile(path);
  }
  return folder;
}

function formatOf(name: string): 'png' | 'webp' | 'jpeg' {
  if (/\.png$/i.test(name)) return 'png';
  return /\.webp$/i.test(name) ? 'webp' : 'jpeg';
}
