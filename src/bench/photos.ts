import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openSplit } from '../data/load.js';
import { inputScaling } from '../data/prepare.js';
import { allOf, type ImageSource } from '../data/source.js';
import { startEngine } from '../engine/registry.js';
import { type Trainer, trainEpoch } from '../nn/train.js';
import { presets } from '../spec/architectures.js';
import { networkShape } from '../spec/shape.js';
import type { DataSpec } from '../spec/types.js';
import { stream } from '../util/random.js';
import { inFreshFolder } from './cli.js';
import type { Figure } from './figure.js';
import { seed, trainingSpec, untrained } from './synthetic.js';

/** About the mean size of ImageNet's photographs. */
const photo = { width: 500, height: 375 };
const photos = 64;
const passes = 12;
const batch = 4;
const steps = 6;
const tau = 5;
const augment = { flip: true, shift: 0, crop: 0.08 };

const architecture = {
  ...presets.resnet18,
  stem: { kernel: 7, stride: 2, pool: true },
} as const;

/** Writes JPEGs of coarse and fine noise, two classes in both splits. */
async function writePhotos(folder: string): Promise<void> {
  for (const place of ['train/a', 'train/b', 'val/a', 'val/b']) {
    await mkdir(join(folder, place), { recursive: true });
  }
  const noise = (width: number, height: number, spread: number, i: number) => {
    const random = stream(seed, 'photo', spread, i);
    const pixels = Uint8Array.from(
      { length: width * height * 3 },
      () => 128 - spread + random.below(2 * spread),
    );
    return sharp(pixels, { raw: { width, height, channels: 3 } });
  };
  for (let i = 0; i < photos; i++) {
    const fine = await noise(photo.width, photo.height, 12, i).png().toBuffer();
    const coarse = await noise(25, 19, 120, i).resize(photo.width, photo.height).png().toBuffer();
    const name = i % 2 === 0 ? 'a' : 'b';
    const image = sharp(coarse)
      .composite([{ input: fine, blend: 'soft-light' }])
      .jpeg();
    await image.toFile(join(folder, `train/${name}/${i}.jpg`));
    if (i < 2) await image.toFile(join(folder, `val/${name}/${i}.jpg`));
  }
}

/** Images a second that are decoded and cropped while nothing else goes on. */
async function decodingSpeed(source: ImageSource): Promise<number> {
  const images = Uint32Array.from({ length: passes * photos }, (_, i) => i % photos);
  const started = performance.now();
  for await (const _ of source.batches(images, 32, { augment, seed, epoch: 0 }));
  return images.length / ((performance.now() - started) / 1000);
}

/** The same source; `waited` tells how many milliseconds its batches were waited for. */
function timed(source: ImageSource) {
  let waited = 0;
  const batches: ImageSource['batches'] = async function* (...args) {
    const inner = source.batches(...args)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const started = performance.now();
        const { done, value } = await inner.next();
        waited += performance.now() - started;
        if (done) return;
        yield value;
      }
    } finally {
      await inner.return?.();
    }
  };
  return { source: { ...source, batches }, waited: () => waited };
}

/** Share of an epoch of ResNet-18 that waits for images, its first batch included, 0..1. */
async function waitingShare(data: DataSpec, source: ImageSource, threads: number) {
  const shape = networkShape({ data, architecture });
  const scaling = await inputScaling(source, seed);
  const engine = startEngine({ name: 'wasm', threads }, { shape, activations: 'binary', scaling });
  const { source: watched, waited } = timed(source);
  const images = allOf(source).slice(0, batch * steps);
  const spec = { ...trainingSpec(batch), augment };
  const trainer: Trainer = { shape, source: watched, images, engine, spec };
  try {
    const started = performance.now();
    await trainEpoch(trainer, untrained(shape, tau), () => {}, new AbortController().signal);
    return waited() / (performance.now() - started);
  } finally {
    await engine.close();
  }
}

/** Photographs of ImageNet's size from their files to the engine. */
export function photoFigures(note: (text: string) => void): Promise<readonly Figure[]> {
  return inFreshFolder(async (folder) => {
    const threads = availableParallelism();
    note(`writing ${photos} JPEGs of ${photo.width}x${photo.height}`);
    await writePhotos(folder);
    const data: DataSpec = {
      ...{ set: 'folder', path: folder, image: { height: 224, width: 224 }, classes: 2 },
      ...{ onCorrupt: 'fail', limit: { train: null, test: null }, augment },
    };
    const source = await openSplit(data, 'train');
    try {
      note(`decoding ${photos * passes} images, ${threads} processors`);
      const speed = await decodingSpeed(source);
      note(`training ResNet-18 on ${batch * steps} images in batches of ${batch}`);
      const share = await waitingShare(data, source, threads);
      return [
        {
          id: 'data.decode-photos',
          value: speed,
          unit: 'images/s',
          goal: null,
          better: 'higher',
          kind: 'measured',
          baseline: `JPEG ${photo.width}x${photo.height} to random crops of 224x224, ${threads} processors`,
        },
        {
          id: 'data.waiting-share',
          value: 100 * share,
          unit: '% of training',
          goal: 2,
          better: 'lower',
          kind: 'measured',
          baseline: `ResNet-18 at 224x224, batch ${batch}, ${threads} threads, from files`,
        },
      ];
    } finally {
      await source.close();
    }
  });
}
