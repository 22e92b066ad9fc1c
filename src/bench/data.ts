import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSplit } from '../data/load.js';
import { type Augmentation, scaledImages } from '../data/prepare.js';
import { allOf, memorySource } from '../data/source.js';
import { interleaved, type Spread } from '../util/timing.js';
import { inFreshFolder } from './cli.js';
import type { Suite } from './figure.js';
import { photoFigures } from './photos.js';
import { shape } from './six-block.js';
import { scalingOf, seed, syntheticImages } from './synthetic.js';
import { trainingSpeed } from './train.js';

const batch = 128;
const repeats = 20;
const batchFiles = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);

/** Writes CIFAR-10's files at their real size, all black, all of class 0. */
async function writeBlackCifar10(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of [...batchFiles, 'test_batch.bin']) {
    await writeFile(join(folder, name), '');
    await truncate(join(folder, name), 10_000 * 3073);
  }
}

/** Images a second that are loaded from files of CIFAR-10's size, read a second time. */
function loadingSpeed(): Promise<number> {
  return inFreshFolder(async (folder) => {
    await writeBlackCifar10(folder);
    const data = { set: 'cifar10', path: folder, limit: { train: null, test: null } } as const;
    await loadSplit(data, 'train');
    const started = performance.now();
    const { count } = await loadSplit(data, 'train');
    return count / ((performance.now() - started) / 1000);
  });
}

/** Images a second that one thread augments and scales, 28x28 grey. */
async function augmentationSpeeds() {
  const source = memorySource(syntheticImages(shape, batch));
  let epoch = 0;
  const prepare = (augment: Augmentation) => () =>
    scaledImages(source.batch(allOf(source), { augment, seed, epoch: epoch++ }), scalingOf(1));
  const times = await interleaved(
    {
      stored: prepare({ flip: false, shift: 0, crop: 1 }),
      moved: prepare({ flip: true, shift: 2, crop: 1 }),
      cropped: prepare({ flip: true, shift: 0, crop: 0.25 }),
    },
    { repeats },
  );
  const speed = ({ median }: Spread) => (1000 * batch) / median;
  return { stored: speed(times.stored), moved: speed(times.moved), cropped: speed(times.cropped) };
}

/** Loading and augmentation beside the speed at which the engine takes images. */
export const data: Suite = async (note) => {
  note('loading 50 000 images from files of the size of CIFAR-10');
  const loaded = await loadingSpeed();
  note('augmenting on one thread');
  const { stored, moved, cropped } = await augmentationSpeeds();
  note('training on one thread, to compare');
  const trained = await trainingSpeed(1);
  const photos = await photoFigures(note);
  const shared = { kind: 'measured', better: 'higher', unit: 'images/s' } as const;
  const grey = '28x28 grey, one thread';
  return [
    {
      id: 'data.load-cifar10',
      value: loaded,
      goal: null,
      baseline: 'real size, files in the page cache',
      ...shared,
    },
    { id: 'data.scale', value: stored, goal: null, baseline: grey, ...shared },
    { id: 'data.flip-and-shift', value: moved, goal: null, baseline: grey, ...shared },
    { id: 'data.flip-and-crop', value: cropped, goal: null, baseline: grey, ...shared },
    {
      id: 'data.augmentation-share',
      value: (100 * trained) / Math.min(moved, cropped),
      unit: '% of a training step',
      goal: 5,
      better: 'lower',
      kind: 'measured',
      baseline: 'the dearer augmentation in a step of the six-block network, one thread',
    },
    ...photos,
  ];
};
