import { Worker } from 'node:worker_threads';
import { decodeModel } from '../model/container/read.js';
import { argmax } from '../model/reference.js';
import { workerEntry } from '../util/paths.js';
import type { WorkerInput } from './worker.js';

export interface ClassifyOptions {
  readonly threads: number;
  /** Aborted: all threads stop and the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Told how many images are done. */
  readonly onProgress?: (done: number) => void;
}

export interface Classification {
  /** [count, classes]. */
  readonly logits: Int32Array;
  /** Class of each image. */
  readonly predictions: Uint16Array;
}

/** Images that a thread takes at a time. */
const batch = 50;

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** Runs one worker to its end; stops it when the signal aborts. */
function runWorker(input: WorkerInput, signal: AbortSignal, onProgress: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerEntry('runtime/worker'), { workerData: input });
    const stop = () => {
      worker.terminate().then(() => reject(signal.reason), reject);
    };
    signal.addEventListener('abort', stop, { once: true });
    worker.on('message', onProgress);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else reject(new Error(`a runtime thread ended with code ${code}`));
    });
  });
}

/**
 * Classifies images on several threads.
 *
 * @param modelBytes a `.snn` file
 * @param images pixels [count, height, width, channels]
 * @throws Failure where the file is no valid model
 */
export async function classify(
  modelBytes: Uint8Array,
  images: Uint8Array,
  { threads, signal, onProgress }: ClassifyOptions,
): Promise<Classification> {
  signal.throwIfAborted();
  const { shape } = decodeModel(modelBytes);
  const imageSize = shape.input.height * shape.input.width * shape.input.channels;
  const { classes } = shape.classifier;
  if (images.length % imageSize !== 0) {
    throw new Error(`${images.length} pixels are no whole number of images of ${imageSize}`);
  }
  const count = images.length / imageSize;
  const logits = new Int32Array(new SharedArrayBuffer(4 * count * classes));
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const input: WorkerInput = {
    model: shared(modelBytes),
    images: shared(images),
    logits,
    progress,
    batch,
  };

  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const workers = Array.from({ length: Math.max(1, Math.min(threads, Math.ceil(count / batch))) });
  const runs = workers.map(() =>
    runWorker(input, either, () => onProgress?.(Atomics.load(progress, 1))).catch((error) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(runs);
  await Promise.all(runs);
  if (progress[1] !== count) throw new Error(`only ${progress[1]} of ${count} images were run`);

  const predictions = Uint16Array.from({ length: count }, (_, i) =>
    argmax(logits.subarray(i * classes, (i + 1) * classes)),
  );
  return { logits: logits.slice(), predictions };
}
