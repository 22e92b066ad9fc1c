import type { PackedModel } from '../model/packed.js';

/** An image that the example can read: PGM, PPM, or bare bytes of any other number of channels. */
export function sampleFile(
  { shape: { input } }: PackedModel,
  pixels: Uint8Array,
): { name: string; bytes: Uint8Array } {
  const { height, width, channels } = input;
  if (channels !== 1 && channels !== 3) return { name: 'image.bin', bytes: pixels };
  const [magic, ending] = channels === 1 ? ['P5', 'pgm'] : ['P6', 'ppm'];
  const head = Buffer.from(`${magic}\n${width} ${height}\n255\n`);
  return { name: `image.${ending}`, bytes: Buffer.concat([head, pixels]) };
}
