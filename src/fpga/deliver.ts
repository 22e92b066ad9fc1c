import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFolder } from '../util/delivery.js';
import { type Manifest, readManifest } from './bundle.js';

/**
 * Copies a deployment, the files that its manifest names, to `output`, whole or not at all. An earlier
 * deployment there is replaced.
 *
 * @throws Failure of kind `input` where `output` holds anything else
 */
export function deliver(folder: string, output: string): Promise<Manifest> {
  return replaceFolder(output, ['manifest.json', 'bitstream.bin'], async (draft) => {
    const manifest = await readManifest(folder);
    for (const path of [...Object.keys(manifest.files), 'manifest.json']) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await copyFile(join(folder, path), join(draft, path));
    }
    return manifest;
  });
}
