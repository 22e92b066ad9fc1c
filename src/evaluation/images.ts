import { imageList, listClasses, splitFolder } from '../data/folder/listing.js';
import { folderSource } from '../data/folder/source.js';
import { formatOf } from '../data/formats/index.js';
import { loadSplit } from '../data/load.js';
import { dataSets } from '../data/sets.js';
import { type ImageSource, memorySource } from '../data/source.js';
import { type MapShape, mapText } from '../model/network.js';
import type { DataSetName } from '../spec/types.js';
import { Failure } from '../util/failure.js';

/** The images that a model is tested on. */
export interface TestData {
  readonly set: DataSetName;
  /** Folder of the set; of folders of images: one of class folders, or one that holds `val` or `test`. */
  readonly path: string | null;
  /** Most images; null: all. */
  readonly limit: number | null;
}

/** What to do where images and model do not fit each other. */
const asTrained = [
  'test the model on the data set that it was trained on: snn inspect MODEL tells its images and classes',
];

/**
 * Opens the test images of a data set as a model wants them: those of folders are cut and scaled to
 * its size. Whoever opens it closes it.
 *
 * @throws Failure where the set is missing, or its images or classes are not the model's
 */
export async function openTestImages(
  { set, path, limit }: TestData,
  image: MapShape,
  classes: number,
): Promise<ImageSource> {
  const fits = (count: number, what: string) => {
    if (count === classes) return;
    throw new Failure('input', `${what}: ${count} classes; the model knows ${classes}`, asTrained);
  };
  if (set !== 'imagenet' && set !== 'folder') {
    const info = dataSets[set];
    if (mapText(info.image) !== mapText(image)) {
      const size = `${mapText(info.image)}; the model takes ${mapText(image)}`;
      throw new Failure('input', `${info.title}: images of ${size}`, asTrained);
    }
    fits(info.classes, info.title);
    const found = await loadSplit({ set, path, limit: { train: 1, test: limit } }, 'test');
    return memorySource(found, info.names);
  }
  if (path === null) {
    throw new Failure('input', `where are the images of ${set}?`, [
      'name the folder that holds a folder of images for each class: --path DIR',
    ]);
  }
  if (image.channels !== 3) {
    throw new Failure(
      'input',
      `${path}: images have 3 channels, the model takes ${image.channels}`,
      asTrained,
    );
  }
  const listing = await listClasses(splitFolder(path, formatOf[set].splits.test) ?? path);
  fits(listing.classes.length, listing.folder);
  return folderSource({
    shape: image,
    classes: listing.classes,
    list: imageList(listing, limit),
    onCorrupt: 'skip',
  });
}
