import { decodeModel } from '../model/container/read.js';
import { allSettled, startThread } from '../util/thread.js';
import { compile } from './compile.js';
import { loadProgram } from './machine.js';
import type { Post, Reply, Request } from './worker.js';

/**
 * A packed model on several threads: each computes images of its own, or if there are fewer images
 * than threads, a share of every image. Calls follow one another, never overlap.
 */
export interface Classifier {
  /**
   * Logits of the images, [images, classes].
   *
   * @param images slots of `pixels`, which holds [slots, height, width, channels] of uint8
   */
  logits(images: Pick<Request, 'pixels' | 'slots'>): Promise<Int32Array>;
  /** Stops the threads; a running call rejects. */
  close(): Promise<void>;
}

/**
 * Starts a packed model on threads of its own.
 *
 * @param modelBytes a `.snn` file
 * @throws Failure where the file is no valid model
 */
export function startClassifier(modelBytes: Uint8Array, threads: number): Classifier {
  const program = compile(decodeModel(modelBytes), { vector: 16, kernel: null });
  const { channels: classes } = program.logits.shape;
  const machine = loadProgram(program, threads);
  const pool = Array.from({ length: threads }, (_, thread) => {
    const post: Post = { machine, thread };
    return startThread<Request, Reply>('runtime/worker', 'the runtime', post);
  });
  return {
    async logits({ pixels, slots }) {
      const logits = new SharedArrayBuffer(4 * slots.length * classes);
      const request: Request = { pixels, slots, logits, taken: new SharedArrayBuffer(4) };
      const parts = await allSettled(pool.map((thread) => thread.ask(request)));
      const done = parts.reduce((sum, part) => sum + part, 0);
      if (done !== slots.length) throw new Error(`only ${done} of ${slots.length} images were run`);
      return new Int32Array(logits).slice();
    },
    async close() {
      await Promise.all(pool.map((thread) => thread.stop()));
    },
  };
}
