import type { MapShape } from '../model/network.js';
import type { DataSetName } from '../spec/types.js';

/** What is known of a data set before any of its files is read. */
export interface DataSetInfo {
  readonly title: string;
  readonly image: MapShape;
  readonly classes: readonly string[];
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

/** Every data set that a spec may name. */
export const dataSets: Readonly<Record<DataSetName, DataSetInfo>> = {
  mnist: {
    title: 'MNIST handwritten digits',
    image: { height: 28, width: 28, channels: 1 },
    classes: digits,
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST garments',
    image: { height: 28, width: 28, channels: 1 },
    classes: garments,
  },
  imagenet: {
    title: 'ImageNet (ILSVRC 2012)',
    image: { height: 224, width: 224, channels: 3 },
    classes: Array.from({ length: 1000 }, (_, i) => `class ${i}`),
  },
};
