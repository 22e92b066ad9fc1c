import type { MapShape } from '../../model/network.js';
import type { OnCorrupt } from '../../spec/types.js';
import { Failure } from '../../util/failure.js';
import { startThread } from '../../util/thread.js';
import type { AugmentationMoment } from '../prepare.js';
import type { ImageSource } from '../source.js';
import type { ImageList } from './listing.js';
import type { Reply, Request } from './worker.js';

/** What a folder's images are and how they are taken. */
export interface FolderSetup {
  /** Size at which they are handed out. */
  readonly shape: MapShape;
  readonly list: ImageList;
  readonly classes: readonly string[];
  readonly onCorrupt: OnCorrupt;
}

/** Images over which the input scaling is estimated: more would each have to be decoded for it. */
const scalingImages = 1024;

/** Batches in memory: the one that is out, and two that are decoded meanwhile. */
const batchesInRing = 3;

/** Images in memory at least, so that small batches do not wait for one large image. */
const leastInRing = 64;

/**
 * A source that decodes images from their files, batches ahead of the one that is out, on threads of
 * its own: memory holds a ring of a few batches, however many images there are. Random crops are cut
 * here, from the image at its own size.
 */
export async function folderSource(setup: FolderSetup): Promise<ImageSource> {
  const { shape, list, classes, onCorrupt } = setup;
  // Loaded here too, so that its libraries outlive the thread (sharp: "worker threads").
  await import('sharp');
  const decoder = startThread<Request, Reply>('data/folder/worker', 'the image decoder', null);
  const skipped = new Set<number>();

  /** Those of the images that were decoded, by their place among `images`. */
  const sound = (images: Uint32Array, problems: Reply): number[] => {
    for (const [i, problem] of problems.entries()) {
      if (problem === null) continue;
      if (onCorrupt === 'fail') throw corrupt(list.path(images[i]), problem);
      skipped.add(images[i]);
    }
    return [...images.keys()].filter((i) => problems[i] === null);
  };

  return {
    shape,
    count: list.labels.length,
    classes,
    scalingImages,
    skipped,
    async *batches(images, size, moment) {
      const most = Math.min(size, images.length);
      const total = Math.ceil(images.length / size);
      const ring = Math.min(total, Math.max(batchesInRing, Math.ceil(leastInRing / size)));
      const pixels = new SharedArrayBuffer(
        ring * most * shape.height * shape.width * shape.channels,
      );
      const decode = (batch: number) => {
        const some = images.slice(batch * size, (batch + 1) * size);
        const firstSlot = (batch % ring) * most;
        const paths = Array.from(some, list.path);
        const reply = decoder.ask({ shape, pixels, firstSlot, paths, images: some, moment });
        // Whoever leaves early awaits nothing; whoever stays hears of a failure below.
        reply.catch(() => {});
        return { some, firstSlot, reply };
      };
      const ahead = Array.from({ length: ring }, (_, batch) => decode(batch));
      for (let next = ring; ; next++) {
        const current = ahead.shift();
        if (current === undefined) return;
        const { some, firstSlot, reply } = current;
        const places = sound(some, await reply);
        const taken = Uint32Array.from(places, (i) => some[i]);
        if (taken.length > 0) {
          yield {
            shape,
            pixels,
            slots: Uint32Array.from(places, (i) => firstSlot + i),
            images: taken,
            labels: Uint16Array.from(taken, (image) => list.labels[image]),
            moment: moment && uncropped(moment),
          };
        }
        if (next < total) ahead.push(decode(next));
      }
    },
    close: () => decoder.stop(),
  };
}

/** What is left of the augmentation of images that are already cropped. */
function uncropped(moment: AugmentationMoment): AugmentationMoment {
  return { ...moment, augment: { ...moment.augment, crop: 1 } };
}

function corrupt(path: string, problem: string): Failure {
  return new Failure('input', `${path}: not an image that can be read: ${problem}`, [
    'replace the file or remove it',
    'or go on without such images: data.onCorrupt: skip',
  ]);
}
