import { availableParallelism } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { MapShape } from '../../model/network.js';
import { type AugmentationMoment, windowOf } from '../prepare.js';
import { centralWindow, decodeImage } from './decode.js';

/** Images to decode, and where in shared memory to put them. */
export interface Request {
  readonly shape: MapShape;
  /** Uint8, [slots, H, W, C]. */
  readonly pixels: SharedArrayBuffer;
  /** Slot of the first image; the others follow. */
  readonly firstSlot: number;
  readonly paths: readonly string[];
  /** Place of each image in its split. */
  readonly images: Uint32Array;
  readonly moment: AugmentationMoment | null;
}

/** Why each image could not be decoded; null where it could. */
export type Reply = readonly (string | null)[];

/** Images that are decoded at a time, over all requests. */
const lanes = availableParallelism() + 1;

let free = lanes;
const queue: (() => void)[] = [];

/** Runs `act` when a lane is free, in the order of the calls. */
async function inLane<Value>(act: () => Promise<Value>): Promise<Value> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    return await act();
  } finally {
    const next = queue.shift();
    if (next) next();
    else free++;
  }
}

async function decode(request: Request, i: number): Promise<string | null> {
  const { shape, pixels, firstSlot, paths, images, moment } = request;
  const size = shape.height * shape.width * shape.channels;
  try {
    const decoded = await decodeImage(paths[i], shape, (image) =>
      moment && moment.augment.crop < 1
        ? windowOf(moment, images[i], image)
        : centralWindow(image, shape),
    );
    new Uint8Array(pixels, (firstSlot + i) * size, size).set(decoded);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const port = parentPort;
if (!port) throw new Error('data/folder/worker runs as a worker thread');
let before: Promise<unknown> = Promise.resolve();
port.on('message', (request: Request) => {
  const decoding = Promise.all(request.paths.map((_, i) => inLane(() => decode(request, i))));
  before = before.then(async () => port.postMessage(await decoding));
});
