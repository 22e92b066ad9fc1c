import { readFile } from 'node:fs/promises';
import { openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { decodeModel } from '../model/container/read.js';
import { packageFile } from '../util/paths.js';
import { webImage } from './bundle.js';
import { drawingPage } from './page.js';

/** Test images that the page can show. */
export const shownDigits = 20;

/** examples/draw-a-digit.html, made of examples/quickstart.snn and MNIST's first test images. */
export async function examplePage(): Promise<string> {
  const file = packageFile('examples/quickstart.snn');
  const bytes = await readFile(file);
  const model = decodeModel(bytes, file);
  const limit = { train: null, test: shownDigits };
  const source = await openSplit({ set: 'mnist', path: null, limit }, 'test');
  const { pixels } = await imagesOf(source, allOf(source)).finally(() => source.close());
  return drawingPage({
    model,
    modelBytes: bytes.length,
    wasm: await readFile(packageFile('wasm/runtime-web.wasm')),
    image: webImage(model),
    digits: pixels,
  });
}
