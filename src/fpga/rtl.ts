import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sha256 } from '../util/hash.js';
import { packageFile } from '../util/paths.js';

async function filesOf(folder: string): Promise<string[]> {
  const path = packageFile(folder);
  return (await readdir(path)).sort().map((name) => join(path, name));
}

/** Every file of the RTL, sorted by name. */
export async function rtlFiles(): Promise<string[]> {
  return (await filesOf('hw/rtl')).filter((path) => path.endsWith('.sv'));
}

/** SHA-256 over everything in hw that decides what a bitstream is. */
export function rtlDigest(): Promise<string> {
  return digest(['hw/rtl', 'hw/boards']);
}

/** SHA-256 over everything in hw that decides what a simulator is. */
export function simulatorDigest(): Promise<string> {
  return digest(['hw/rtl', 'hw/sim']);
}

async function digest(folders: readonly string[]): Promise<string> {
  const files = (await Promise.all(folders.map(filesOf))).flat();
  const lines = files.map(async (path) => `${basename(path)} ${sha256(await readFile(path))}`);
  return sha256((await Promise.all(lines)).join('\n'));
}
