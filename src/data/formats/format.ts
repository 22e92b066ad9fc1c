import { Failure } from '../../util/failure.js';
import type { SplitFolders } from '../folder/listing.js';
import type { ImageSet, Split } from '../image-set.js';
import type { DataSetInfo } from '../sets.js';

/** What to load, and from where. */
export interface Source {
  readonly folder: string;
  readonly info: DataSetInfo;
  /** Load only the first images; null: all. */
  readonly limit: number | null;
}

/** A format of a few files that are read whole. */
export interface FileFormat {
  readonly kind: 'files';
  /** Whether `folder` holds the files of a data set in this format. */
  isIn(folder: string): boolean;
  /** Paths of the files that decide what loading gives, always in the same order. */
  files(folder: string): readonly string[];
  /** @throws Failure where files are missing, damaged, or do not belong together */
  load(source: Source, split: Split): Promise<ImageSet>;
}

/** Folders of image files, one for each class of each split. */
export interface FolderFormat {
  readonly kind: 'folders';
  readonly splits: SplitFolders;
}

/** A way in which data sets lie in files. */
export type Format = FileFormat | FolderFormat;

/** @throws Failure that names the first image whose label is no class of the data set */
export function requireClasses(
  labels: Uint16Array,
  { classes }: DataSetInfo,
  file: string,
  firstImage = 0,
): void {
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong < 0) return;
  throw new Failure(
    'input',
    `${file}: label ${labels[wrong]} of image ${firstImage + wrong} ` +
      `is none of the ${classes} classes`,
    ['fetch the file again; or it is another data set'],
  );
}
