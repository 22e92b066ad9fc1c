import type { MapShape } from '../model/network.js';
import type { DataSource, KnownSetName, StoredSetName } from '../spec/types.js';

/** What is known of a data set before any of its files is read. */
export interface DataSetInfo {
  readonly title: string;
  readonly image: MapShape;
  readonly classes: number;
}

export interface StoredSetInfo extends DataSetInfo {
  /** Names of the classes, by label; an image folder's are those of its class folders. */
  readonly names: readonly string[];
}

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const garments = [
  'T-shirt/top',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

const things = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** The fine classes of CIFAR-100, in alphabetical order as its labels count them. */
const hundredThings = (
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus ' +
  'butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch ' +
  'crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo ' +
  'keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse ' +
  'mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy ' +
  'porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper ' +
  'snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television ' +
  'tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm'
).split(' ');

/** Every data set that is known by name. */
export const dataSets: Readonly<
  Record<KnownSetName, DataSetInfo> & Record<StoredSetName, StoredSetInfo>
> = {
  mnist: {
    title: 'MNIST handwritten digits',
    image: { height: 28, width: 28, channels: 1 },
    classes: 10,
    names: digits,
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST garments',
    image: { height: 28, width: 28, channels: 1 },
    classes: 10,
    names: garments,
  },
  cifar10: {
    title: 'CIFAR-10 photographs',
    image: { height: 32, width: 32, channels: 3 },
    classes: 10,
    names: things,
  },
  cifar100: {
    title: 'CIFAR-100 photographs',
    image: { height: 32, width: 32, channels: 3 },
    classes: 100,
    names: hundredThings,
  },
  imagenet: {
    title: 'ImageNet (ILSVRC 2012)',
    image: { height: 224, width: 224, channels: 3 },
    classes: 1000,
  },
};

/** The images and the number of classes that a spec's data set has, its files unseen. */
export function dataShape(data: DataSource): Pick<DataSetInfo, 'image' | 'classes'> {
  if (data.set !== 'folder') return dataSets[data.set];
  return { image: { ...data.image, channels: 3 }, classes: data.classes };
}
