import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { KnownSetName } from '../../spec/types.js';
import { Failure } from '../../util/failure.js';
import { errorCode, sync } from '../../util/files.js';
import { isIn } from '../find.js';
import type { Format } from '../formats/format.js';
import { formatOf } from '../formats/index.js';
import type { Origin } from './catalogue.js';
import { download } from './download.js';
import { tarEntries } from './tar.js';

/** How a data set is fetched. */
export interface FetchOptions {
  /** The folder of all fetched data sets: see `dataCache`. */
  readonly cache: string;
  /** Another server's folder, in which each data set has a folder of its files; null: the origin. */
  readonly mirror: string | null;
  /** Told how many of the data set's bytes have arrived. */
  readonly onProgress: (bytes: number, of: number) => void;
  readonly signal: AbortSignal;
}

const unzip = promisify(gunzip);

/**
 * Fetches a data set into the cache. Its folder appears there whole, after every file's size and
 * SHA-256 have proved right; a fetch that was cut short goes on where it stopped.
 *
 * @returns the data set's folder, and whether it was there before
 * @throws Failure where it cannot be had, or as {@link download} does
 */
export async function fetchDataSet(
  set: KnownSetName,
  { page, files, archive }: Origin,
  { cache, mirror, onProgress, signal }: FetchOptions,
): Promise<{ readonly folder: string; readonly fetched: boolean }> {
  const folder = join(cache, set);
  const format: Format = formatOf[set];
  if (isIn(format, folder)) return { folder, fetched: false };
  if (files === null || format.kind === 'folders') {
    throw new Failure('input', `data set ${set} cannot be fetched: its owners give it on request`, [
      `ask at ${page}`,
      'and set data.path to its folder (docs/data.md)',
    ]);
  }

  const arriving = join(cache, '.fetching', set);
  await makeFolder(arriving, cache);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  const paths: string[] = [];
  for (const file of files) {
    const name = basename(file.url);
    const url = mirror === null ? file.url : `${mirror.replace(/\/+$/, '')}/${set}/${name}`;
    const path = join(arriving, name);
    await download({ ...file, url }, path, {
      onProgress: (bytes) => onProgress(before + bytes, total),
      signal,
    });
    before += file.bytes;
    paths.push(path);
  }

  const ready = join(arriving, 'ready');
  await rm(ready, { recursive: true, force: true });
  await mkdir(ready);
  for (const path of paths) {
    if (archive) await unpack(path, ready);
    else await rename(path, join(ready, basename(path)));
  }
  if (!format.isIn(ready)) {
    throw new Failure('tool', `${paths.join(', ')}: lacks files of data set ${set}`);
  }
  for (const file of format.files(ready)) await sync(file);
  await rm(folder, { recursive: true, force: true });
  await rename(ready, folder);
  await rm(arriving, { recursive: true, force: true });
  return { folder, fetched: true };
}

async function makeFolder(folder: string, cache: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new Failure(
      'input',
      `cannot write to the data cache ${cache} (${errorCode(error) ?? error})`,
      ['set SNN_DATA to a folder that you may write to'],
      { cause: error },
    );
  }
}

/** Writes the files of a .tar.gz archive into one folder, whatever folders they have in there. */
async function unpack(path: string, folder: string): Promise<void> {
  for (const { name, bytes } of tarEntries(await unzip(await readFile(path)))) {
    await writeFile(join(folder, basename(name)), bytes);
  }
}
