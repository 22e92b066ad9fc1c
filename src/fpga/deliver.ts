import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../util/failure.js';
import { orIfMissing } from '../util/files.js';
import { type Manifest, readManifest } from './bundle.js';

/**
 * Copies a deployment, the files that its manifest names, to `output`, whole or not at all. An earlier
 * deployment there is replaced.
 *
 * @throws Failure of kind `input` where `output` holds anything else
 */
export async function deliver(folder: string, output: string): Promise<Manifest> {
  if (!(await isReplaceable(output))) {
    throw new Failure('input', `${output} exists and is no deployment folder`, [
      'name another folder: --output DIR',
    ]);
  }
  const manifest = await readManifest(folder);
  const parent = dirname(output);
  const draft = join(parent, `.${basename(output)}.${process.pid}.new`);
  try {
    for (const path of [...Object.keys(manifest.files), 'manifest.json']) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await copyFile(join(folder, path), join(draft, path));
    }
    await rm(output, { recursive: true, force: true });
    await rename(draft, output);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return manifest;
}

async function isReplaceable(output: string): Promise<boolean> {
  const found = await orIfMissing(stat(output), null);
  if (found === null) return true;
  if (!found.isDirectory()) return false;
  const names = await readdir(output);
  return names.length === 0 || (names.includes('manifest.json') && names.includes('bitstream.bin'));
}
