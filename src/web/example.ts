import { readFile } from 'node:fs/promises';
import { openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { readModel } from '../model/container/read.js';
import { packageFile } from '../util/paths.js';
import { webImage } from './bundle.js';
import { drawingPage } from './page.js';

/** Test images that the page can show. */
export const shownDigits = 20;

/** examples/draw-a-digit.html, made of examples/quickstart.snn and MNIST's first test images. */
export async function examplePage(): Promise<string> {
  const path = packageFile('examples/quickstart.snn');
  const file = readModel(await readFile(path), path);
  const limit = { train: null, test: shownDigits };
  const source = await openSplit({ set: 'mnist', path: null, limit }, 'test');
  const { pixels } = await imagesOf(source, allOf(source)).finally(() => source.close());
  return drawingPage({
    file,
    wasm: await readFile(packageFile('wasm/runtime-web.wasm')),
    image: webImage(file.model),
    digits: pixels,
  });
}
