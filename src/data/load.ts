import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataSpec } from '../spec/types.js';
import { type FoundDataSet, locate } from './find.js';
import type { ImageSet, Split } from './image-set.js';
import { dataSets } from './sets.js';

export { findDataSet } from './find.js';
export type { ImageSet, Split } from './image-set.js';

const digests = new Map<string, Promise<string>>();

/** SHA-256 over the data set's files: what training really reads. Read once a process. */
export function dataDigest(data: Pick<DataSpec, 'set' | 'path'>): Promise<string> {
  const found = locate(data);
  const key = JSON.stringify([data.set, found.folder]);
  const known = digests.get(key) ?? hashFiles(found);
  digests.set(key, known);
  return known;
}

async function hashFiles({ folder, format }: FoundDataSet): Promise<string> {
  const hash = createHash('sha256');
  for (const file of format.files(folder)) hash.update(await readFile(file));
  return hash.digest('hex');
}

/**
 * Loads one split of the spec's data set, cut to `data.limit`.
 *
 * @throws Failure when files are missing, damaged, or do not belong together
 */
export async function loadSplit(
  data: Pick<DataSpec, 'set' | 'path' | 'limit'>,
  split: Split,
): Promise<ImageSet> {
  const { folder, format } = locate(data);
  return format.load({ folder, info: dataSets[data.set], limit: data.limit[split] }, split);
}
