import type { KnownSetName } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { origins } from './fetch/catalogue.js';
import { findDataSet } from './find.js';
import { dataSets } from './sets.js';

/** Every known data set: what it is, where it is from, and its folder here (null: missing). */
export function listDataSets() {
  return (Object.keys(dataSets) as KnownSetName[]).map((set) => {
    const { title, image, classes } = dataSets[set];
    const { page, licence, files } = origins[set];
    return {
      set,
      title,
      image: `${image.height}x${image.width}x${image.channels}`,
      classes,
      folder: folderOf(set),
      download: files?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null,
      licence,
      page,
    };
  });
}

function folderOf(set: KnownSetName): string | null {
  try {
    return findDataSet({ set, path: null });
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
