import { parentPort, workerData } from 'node:worker_threads';
import { type Machine, operate } from './machine.js';

/** What a thread is started with: a machine, and which of its threads it is. */
export interface Post {
  readonly machine: Machine;
  readonly thread: number;
}

/** Images for the runtime's threads: they share each of them if there are fewer images than threads. */
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

const { machine, thread } = workerData as Post;
const operator = operate(machine, thread);
const { image: place, logits: output } = machine.program;
const { channels: classes } = output.shape;

/** The threads take images by pieces, each thread its own. */
function apart({ pixels, slots, logits, taken }: Request): Reply {
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
      operator.run(images.subarray(slots[i] * place.bytes, (slots[i] + 1) * place.bytes));
      found.set(operator.read(output), i * classes);
      done++;
    }
  }
}

/** All threads work on one image after the other; the first one counts them. */
function together({ pixels, slots, logits }: Request): Reply {
  const [images, found] = [new Uint8Array(pixels), new Int32Array(logits)];
  for (const [i, slot] of slots.entries()) {
    operator.runTogether(images.subarray(slot * place.bytes, (slot + 1) * place.bytes));
    if (thread === 0) found.set(operator.read(output), i * classes);
  }
  return thread === 0 ? slots.length : 0;
}

function answer(request: Request): Reply {
  return request.slots.length < machine.threads.length ? together(request) : apart(request);
}

const port = parentPort;
if (!port) throw new Error('runtime/worker runs as a worker thread');
port.on('message', (request: Request) => port.postMessage(answer(request)));
