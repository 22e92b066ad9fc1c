import { Failure } from '../../util/failure.js';
import type { ImageSet, Split } from '../image-set.js';
import type { DataSetInfo } from '../sets.js';

/** What to load, and from where. */
export interface Source {
  readonly folder: string;
  readonly info: DataSetInfo;
  /** Load only the first images; null: all. */
  readonly limit: number | null;
}

/** A way in which data sets lie in files. */
export interface Format {
  /** Whether `folder` holds the files of a data set in this format. */
  isIn(folder: string): boolean;
  /** Paths of the files that decide what loading gives, always in the same order. */
  files(folder: string): readonly string[];
  /** @throws Failure where files are missing, damaged, or do not belong together */
  load(source: Source, split: Split): Promise<ImageSet>;
}

/** @throws Failure that names the first image whose label is no class of the data set */
export function requireClasses(
  labels: Uint16Array,
  { classes }: DataSetInfo,
  file: string,
  firstImage = 0,
): void {
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong < 0) return;
  throw new Failure(
    'input',
    `${file}: label ${labels[wrong]} of image ${firstImage + wrong} ` +
      `is none of the ${classes.length} classes`,
    ['fetch the file again; or it is another data set'],
  );
}
