import type { PackedModel } from '../model/packed.js';
import { referenceTrace } from '../model/reference.js';
import type { LayerTrace } from '../model/trace.js';
import type { StoredMap } from '../runtime/program.js';

/** Images whose every layer is known. */
export interface Golden {
  /** Where the images are from. */
  readonly source: 'test images' | 'random images';
  readonly images: number;
  readonly layers: readonly string[];
  /** Values of all layers of all images. */
  readonly values: number;
  /** Logits of each image. */
  readonly logits: readonly Int32Array[];
  /** `test/golden.bin` (src/cpu/folder/test/golden.c tells its form). */
  readonly bytes: Uint8Array;
}

/** Pixels of images, [images, height, width, channels]. */
export interface GoldenImages {
  readonly source: Golden['source'];
  readonly pixels: Uint8Array;
}

/** Most golden images, and most bytes of their layers unless there is only one image. */
export const mostGoldenImages = 8;
const mostGoldenBytes = 8 * 2 ** 20;

function layerBytes({ values }: LayerTrace, kind: StoredMap['kind']): Uint8Array {
  const Values = kind === 'int32' ? Int32Array : Int16Array;
  return new Uint8Array(Values.from(values).buffer);
}

/**
 * Layers of images by the arithmetic reference: of as many of the images as keep the file small.
 *
 * @param maps the model's, as they are stored
 * @param breathe awaited between two images
 */
export async function goldenOf(
  model: PackedModel,
  maps: readonly StoredMap[],
  { source, pixels }: GoldenImages,
  breathe: () => Promise<void>,
): Promise<Golden> {
  const { height, width, channels } = model.shape.input;
  const size = height * width * channels;
  const parts: Uint8Array[] = [];
  const logits: Int32Array[] = [];
  let [images, values, bytes] = [0, 0, 0];
  for (let at = 0; at < pixels.length && images < mostGoldenImages; at += size, images++) {
    const image = pixels.subarray(at, at + size);
    const layers = referenceTrace(model, image);
    const laid = [image, ...layers.map((layer, i) => layerBytes(layer, maps[i].kind))];
    const more = laid.reduce((sum, part) => sum + part.length, 0);
    if (images > 0 && bytes + more > mostGoldenBytes) break;
    bytes += more;
    values += layers.reduce((sum, layer) => sum + layer.values.length, 0);
    parts.push(...laid);
    logits.push(Int32Array.from(layers[layers.length - 1].values));
    await breathe();
  }
  const sizes = maps.map(({ kind }) => (kind === 'int32' ? 4 : 2));
  const head = Uint32Array.of(images, maps.length, ...sizes);
  return {
    source,
    images,
    layers: maps.map(({ name }) => name),
    values,
    logits,
    bytes: Buffer.concat([new Uint8Array(head.buffer), ...parts]),
  };
}
