import { allOf, type MemorySource, memorySource } from '../../src/data/source.js';
import type { Engine } from '../../src/engine/engine.js';
import { inferImages, type Trainer } from '../../src/nn/train.js';

/** A source of images of one pixel, for engines that look at their numbers alone. */
export function numbered(count: number, label: (image: number) => number = () => 0): MemorySource {
  return memorySource({
    shape: { height: 1, width: 1, channels: 1 },
    count,
    pixels: new Uint8Array(count),
    labels: Uint16Array.from({ length: count }, (_, image) => label(image)),
  });
}

/** Logits of all of a source's images in inference form, [images, classes]. */
export async function logitsOf(
  of: Pick<Trainer, 'source'> & { readonly engine: Engine },
  parameters: Float32Array,
  statistics: Float32Array,
): Promise<Float32Array> {
  const { signal } = new AbortController();
  const rows: number[] = [];
  const images = allOf(of.source);
  for await (const found of inferImages(of, parameters, statistics, images, signal)) {
    rows.push(...found.logits);
  }
  return Float32Array.from(rows);
}
