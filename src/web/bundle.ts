import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackedModel } from '../model/packed.js';
import { compile } from '../runtime/compile.js';
import { encodeImage, labelsOf } from '../runtime/image.js';
import { packageFile } from '../util/paths.js';
import { drawingPage, type PageContent, readsDigits } from './page.js';

/** The runtime image that the WebAssembly kernels run. */
export function webImage(model: PackedModel): Uint8Array {
  return encodeImage(compile(model, { vector: 16, kernel: null }), labelsOf(model));
}

/**
 * Fills `folder` with what runs a model in a browser or in Node: `snn.js` with its types, `runtime.wasm` and
 * `model.bin`; and if the model reads digits, a page to draw them on.
 */
export async function writeWeb(folder: string, content: Omit<PageContent, 'wasm'>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const wasm = await readFile(packageFile('wasm/runtime-web.wasm'));
  for (const name of ['snn.js', 'snn.d.ts']) {
    await copyFile(packageFile(`dist/web/${name}`), join(folder, name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await writeFile(join(folder, 'runtime.wasm'), wasm);
  await writeFile(join(folder, 'model.bin'), content.image);
  if (readsDigits(content.file.model)) {
    await writeFile(join(folder, 'draw-a-digit.html'), await drawingPage({ ...content, wasm }));
  }
}
