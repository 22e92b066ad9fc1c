import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Failure } from '../../util/failure.js';
import { errorCode } from '../../util/files.js';
import type { Split } from '../image-set.js';

/** Folder of each split; of several names the first that is there. */
export type SplitFolders = Readonly<Record<Split, readonly string[]>>;

/** The files of one split, by class. */
export interface SplitListing {
  readonly folder: string;
  /** Names of the class folders, sorted; a class's label is its place among them. */
  readonly classes: readonly string[];
  /** Names of each class's images, sorted. */
  readonly files: readonly (readonly string[])[];
}

export type Listing = Readonly<Record<Split, SplitListing>>;

const extensions = ['.jpg', '.jpeg', '.png', '.webp'];

/** What systems leave in folders besides a person's own files. */
function isOfTheSystem(name: string): boolean {
  return name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';
}

/** The folder of a split, or null where it has none. */
export function splitFolder(folder: string, names: readonly string[]): string | null {
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  return found ?? null;
}

/**
 * Every image of a folder `<split>/<class>/<image>`, and no other file.
 *
 * @throws Failure where a class has no images or is in one split only, or where anything lies in the
 *   folders that is no image
 */
export async function listFolder(folder: string, splits: SplitFolders): Promise<Listing> {
  const train = await listSplit(folder, splits.train);
  const test = await listSplit(folder, splits.test);
  requireSameClasses(train, test);
  requireSameClasses(test, train);
  return { train, test };
}

async function listSplit(parent: string, names: readonly string[]): Promise<SplitListing> {
  const folder = splitFolder(parent, names);
  if (folder === null) throw new Failure('input', `${parent}: has no folder ${names.join(' or ')}`);
  return listClasses(folder);
}

/**
 * Every image of a folder `<class>/<image>`, and no other file.
 *
 * @throws Failure where a class has no images, or anything lies in the folders that is no image
 */
export async function listClasses(folder: string): Promise<SplitListing> {
  const classes = await namesIn(folder);
  const stray = classes.find((name) => !isFolder(join(folder, name)));
  if (stray !== undefined) {
    throw new Failure('input', `${join(folder, stray)}: a file where only class folders may be`, [
      'put each image into the folder of its class',
      'or move the file elsewhere',
    ]);
  }
  const files: string[][] = [];
  for (const name of classes) files.push(await listClass(join(folder, name)));
  return { folder, classes, files };
}

async function listClass(folder: string): Promise<string[]> {
  const files = await namesIn(folder);
  const stray = files.find((name) => !extensions.includes(extname(name).toLowerCase()));
  if (stray !== undefined) {
    throw new Failure(
      'input',
      `${join(folder, stray)}: no image; only JPEG, PNG and WebP are read`,
      [
        'move it out of the class folder',
        `images are told by their names: ${extensions.join(', ')}`,
      ],
    );
  }
  if (files.length === 0) {
    throw new Failure('input', `${folder}: a class without images`, [
      'put images into it, or remove the folder from both splits',
    ]);
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !isOfTheSystem(name)).sort();
  } catch (cause) {
    throw new Failure(
      'input',
      `${folder}: cannot be listed (${errorCode(cause) ?? cause})`,
      ['see that it is a folder that you may read'],
      { cause },
    );
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function requireSameClasses(one: SplitListing, other: SplitListing): void {
  const known = new Set(other.classes);
  const [first, ...more] = one.classes.filter((name) => !known.has(name));
  if (first === undefined) return;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  throw new Failure(
    'input',
    `${join(one.folder, first)}${others}: a class that ${other.folder} lacks`,
    ['every class needs a folder with images in both splits'],
  );
}

/** SHA-256 over the path, size and time of change of every file: no image is read for it. */
export async function listingDigest(listing: Listing): Promise<string> {
  const hash = createHash('sha256');
  for (const [split, { folder, classes, files }] of Object.entries(listing)) {
    for (const [label, name] of classes.entries()) {
      const seen = files[label].map((file) => [file, ...stampOf(join(folder, name, file))]);
      hash.update(`${JSON.stringify([split, name, seen])}\n`);
      // Lets Ctrl-C through between class folders.
      await new Promise(setImmediate);
    }
  }
  return hash.digest('hex');
}

/** Size and time of change; neither where the file is a link to nowhere. */
function stampOf(path: string): readonly number[] {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? [found.size, found.mtimeMs] : [];
}

/** The images of a split in the order in which they are counted. */
export interface ImageList {
  /** Class of each image. */
  readonly labels: Uint16Array;
  path(image: number): string;
}

/**
 * Counts the images of a split: the first of every class, then the second of every class, so that
 * the first few show every class.
 *
 * @param limit most images to count; null: all
 */
export function imageList(
  { folder, classes, files }: SplitListing,
  limit: number | null,
): ImageList {
  const total = files.reduce((sum, { length }) => sum + length, 0);
  const labels = new Uint16Array(Math.min(total, limit ?? total));
  const ranks = new Uint32Array(labels.length);
  let count = 0;
  for (let rank = 0; count < labels.length; rank++) {
    for (let label = 0; label < classes.length && count < labels.length; label++) {
      if (rank >= files[label].length) continue;
      labels[count] = label;
      ranks[count++] = rank;
    }
  }
  return {
    labels,
    path: (image) => join(folder, classes[labels[image]], files[labels[image]][ranks[image]]),
  };
}
