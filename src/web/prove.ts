import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../util/failure.js';
import type * as loader from './snn.js';

/**
 * Runs images through the files of a browser's folder, as they lie there, in Node.
 *
 * @param images [count, height, width, channels]; `expected` has the reference's logits of each
 * @throws Failure of kind `tool` that names the first logit that differs
 */
export async function proveWeb(
  folder: string,
  images: Uint8Array,
  expected: readonly Int32Array[],
): Promise<void> {
  const { load }: typeof loader = await import(pathToFileURL(join(folder, 'snn.js')).href);
  const [wasm, image] = ['runtime.wasm', 'model.bin'].map((name) => readFile(join(folder, name)));
  const model = await load(wasm, image);
  const size = model.input.height * model.input.width * model.input.channels;
  for (const [i, logits] of expected.entries()) {
    const found = model.logits(images.subarray(i * size, (i + 1) * size));
    const at = logits.findIndex((logit, k) => logit !== found[k]);
    if (at < 0) continue;
    throw new Failure(
      'tool',
      `WebAssembly differs from the reference: image ${i}, logit ${at}: ${found[at]} instead of ${logits[at]}`,
      ['this is a fault of the kernels or of this Node, not of the network: please report it'],
    );
  }
}
