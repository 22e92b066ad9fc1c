import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataFiles, StoredSetName } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { findDataSet } from './find.js';
import { imageList, type Listing, listFolder, listingDigest } from './folder/listing.js';
import { folderSource } from './folder/source.js';
import type { FileFormat } from './formats/format.js';
import { formatOf } from './formats/index.js';
import type { ImageSet, Split } from './image-set.js';
import { dataSets, dataShape } from './sets.js';
import { type ImageSource, memorySource } from './source.js';

export { findDataSet } from './find.js';
export type { ImageSet, Split } from './image-set.js';

type FolderData = Exclude<DataFiles, { readonly set: StoredSetName }>;
type StoredData = Pick<DataFiles, 'path' | 'limit'> & { readonly set: StoredSetName };

function isFolder(data: DataFiles): data is FolderData {
  return formatOf[data.set].kind === 'folders';
}

const digests = new Map<string, Promise<string>>();

/**
 * Names what training reads, once a process: SHA-256 over a data set's files or, of folders of images,
 * over every file's path, size and time of change.
 *
 * @throws Failure where the data set is missing or its folders are not as they must be
 */
export function dataDigest(data: DataFiles): Promise<string> {
  const folder = findDataSet(data);
  const key = JSON.stringify([data.set, folder, dataShape(data).classes]);
  const known = digests.get(key) ?? digest(data, folder);
  digests.set(key, known);
  return known;
}

async function digest(data: DataFiles, folder: string): Promise<string> {
  if (isFolder(data)) return listingDigest(await listed(data, folder));
  return hashFiles(formatOf[data.set], folder);
}

async function hashFiles(format: FileFormat, folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of format.files(folder)) hash.update(await readFile(file));
  return hash.digest('hex');
}

/** Lists a folder of images and holds it against the spec. */
async function listed(data: FolderData, folder: string): Promise<Listing> {
  const listing = await listFolder(folder, formatOf[data.set].splits);
  const { classes } = dataShape(data);
  const found = listing.train.classes.length;
  if (found === classes) return listing;
  throw new Failure(
    'input',
    data.set === 'folder'
      ? `data.classes is ${classes}, but ${listing.train.folder} holds ${found} class folders`
      : `${listing.train.folder}: ${found} class folders; ImageNet has ${classes}`,
    data.set === 'folder'
      ? [`set data.classes to ${found}`]
      : [
          `a part of ImageNet is a folder: data.set: folder, data.classes: ${found}, data.image: 224`,
        ],
  );
}

/**
 * Loads one split of a data set that is read whole, cut to `data.limit`.
 *
 * @throws Failure when files are missing, damaged, or do not belong together
 */
export async function loadSplit(data: StoredData, split: Split): Promise<ImageSet> {
  const { set, limit } = data;
  const source = { folder: findDataSet(data), info: dataSets[set], limit: limit[split] };
  return formatOf[set].load(source, split);
}

/**
 * Opens one split of the spec's data set, cut to `data.limit`; whoever opens it closes it.
 *
 * @throws Failure when files are missing, damaged, or do not belong together
 */
export async function openSplit(data: DataFiles, split: Split): Promise<ImageSource> {
  if (!isFolder(data)) return memorySource(await loadSplit(data, split), dataSets[data.set].names);
  const listing = (await listed(data, findDataSet(data)))[split];
  return folderSource({
    shape: dataShape(data).image,
    classes: listing.classes,
    list: imageList(listing, data.limit[split]),
    onCorrupt: data.onCorrupt,
  });
}
