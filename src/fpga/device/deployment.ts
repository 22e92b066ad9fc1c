import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel } from '../../model/container/read.js';
import type { PackedModel } from '../../model/packed.js';
import { Failure } from '../../util/failure.js';
import { orIfMissing } from '../../util/files.js';
import { hashFile } from '../../util/hash.js';
import { type Manifest, readManifest } from '../bundle.js';
import { type Bundle, readBundle } from '../host/bundle.js';

/** A deployment folder in memory, each file of it checked against its manifest. */
export interface Deployment {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly bundle: Bundle;
  readonly model: PackedModel;
}

const deployFirst = 'make one: snn deploy --fpga';
const isDeployment = (folder: string) => existsSync(join(folder, 'weights.bin'));

/**
 * The deployment folder that a person means: by its path, by its name under `parent`, or the newest there.
 *
 * @throws Failure of kind `input` where there is none
 */
export async function findDeployment(wanted?: string, parent = 'deploy'): Promise<string> {
  if (wanted !== undefined) {
    const found = [wanted, join(parent, wanted)].find(isDeployment);
    if (found !== undefined) return found;
    throw new Failure('input', `${wanted} is no deployment folder for an FPGA`, [deployFirst]);
  }
  const names = await orIfMissing(readdir(parent), []);
  const folders = names.map((name) => join(parent, name)).filter(isDeployment);
  const times = await Promise.all(folders.map(async (folder) => (await stat(folder)).mtimeMs));
  const newest = folders[times.indexOf(Math.max(...times))];
  if (newest !== undefined) return newest;
  throw new Failure('input', `there is no deployment in ${parent}`, [
    deployFirst,
    'or name its folder',
  ]);
}

/**
 * Reads a deployment folder.
 *
 * @throws Failure of kind `input` where a file is missing, altered or of another version
 */
export async function readDeployment(folder: string): Promise<Deployment> {
  const manifest = await orIfMissing(readManifest(folder), null);
  if (manifest?.format !== 2) {
    const why = manifest === null ? 'has no manifest.json' : 'was made by another version';
    throw new Failure('input', `${folder} ${why}`, [deployFirst]);
  }
  for (const [path, { sha256 }] of Object.entries(manifest.files)) {
    const found = await orIfMissing(hashFile(join(folder, path)), null);
    if (found?.sha256 === sha256) continue;
    const why = found === null ? 'is missing' : 'has been altered (its SHA-256 differs)';
    throw new Failure('input', `${join(folder, path)} ${why}`, [deployFirst]);
  }
  const file = join(folder, 'model.snn');
  const model = decodeModel(await readFile(file), file);
  return { folder, manifest, bundle: await readBundle(folder), model };
}
