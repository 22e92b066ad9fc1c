import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../src/model/container/read.js';
import { encodeModel } from '../../src/model/container/write.js';
import { referenceTrace } from '../../src/model/reference.js';
import { createRuntime } from '../../src/runtime/index.js';
import { sha256 } from '../../src/util/hash.js';

/**
 * Models, images and what came of them when their format and its arithmetic were laid down (version 2:
 * `pooled`). They change with the format's version only: a difference here means that deployed models compute something else.
 */
interface Golden {
  readonly name: string;
  /** Of each of the three images. */
  readonly logits: readonly (readonly number[])[];
  /** SHA-256 of each map of the first image, as little-endian int32 [height, width, channels]. */
  readonly layers: Readonly<Record<string, string>>;
}

const folder = new URL('../fixtures/golden/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const golden: Golden[] = JSON.parse(read('golden.json').toString());

describe.each(golden)('golden vectors: $name', ({ name, logits, layers }) => {
  const bytes = read(`${name}.snn`);
  const model = decodeModel(bytes);
  const images = new Uint8Array(read(`${name}.images`));
  const size = images.length / logits.length;
  const image = (i: number) => images.subarray(i * size, (i + 1) * size);

  it('has the reference compute the same maps as ever', () => {
    logits.forEach((expected, i) => {
      const last = referenceTrace(model, image(i)).at(-1);
      expect(Array.from(last?.values ?? [])).toEqual(expected);
    });
    const hashes = referenceTrace(model, image(0)).map((layer) => [
      layer.name,
      sha256(new Uint8Array(layer.values.buffer)),
    ]);
    expect(Object.fromEntries(hashes)).toEqual(layers);
  });

  it('has the runtime compute the same logits as ever', () => {
    expect(Array.from(createRuntime(model).logits(images, logits.length))).toEqual(logits.flat());
  });

  it('is written as the same bytes as ever', () => {
    expect(Buffer.from(encodeModel(model)).equals(bytes)).toBe(true);
  });
});
