import { parentPort, workerData } from 'node:worker_threads';
import { decodeModel } from '../model/container/read.js';
import { createRuntime } from './runtime.js';

/** Images that the runtime's threads take from a common heap until it is empty. */
export interface Request {
  /** Uint8, [slots, H, W, C]. */
  readonly pixels: SharedArrayBuffer;
  /** The slot in which each image lies. */
  readonly slots: Uint32Array;
  /** Int32, [images, classes], filled by the threads together. */
  readonly logits: SharedArrayBuffer;
  /** Int32, one number: images taken so far. */
  readonly taken: SharedArrayBuffer;
}

/** Images that the thread has done. */
export type Reply = number;

/** Images that a thread takes at a time. */
const piece = 4;

const runtime = createRuntime(decodeModel(workerData as Uint8Array));
const { imageSize, classes } = runtime;

function answer({ pixels, slots, logits, taken }: Request): Reply {
  const [images, found, heap] = [
    new Uint8Array(pixels),
    new Int32Array(logits),
    new Int32Array(taken),
  ];
  let done = 0;
  for (;;) {
    const first = Atomics.add(heap, 0, piece);
    if (first >= slots.length) return done;
    const end = Math.min(first + piece, slots.length);
    for (let i = first; i < end; i++) {
      const image = images.subarray(slots[i] * imageSize, (slots[i] + 1) * imageSize);
      found.set(runtime.logits(image, 1), i * classes);
      done++;
    }
  }
}

const port = parentPort;
if (!port) throw new Error('runtime/worker runs as a worker thread');
port.on('message', (request: Request) => port.postMessage(answer(request)));
