import { parentPort, workerData } from 'node:worker_threads';
import { decodeModel } from '../model/container/read.js';
import { createRuntime } from './runtime.js';

/** What a runtime thread is started with; all arrays are shared. */
export interface WorkerInput {
  /** A `.snn` file. */
  readonly model: Uint8Array;
  readonly images: Uint8Array;
  /** [count, classes], filled by the threads together. */
  readonly logits: Int32Array;
  /** Images taken and images done. */
  readonly progress: Int32Array;
  /** Images to take at a time. */
  readonly batch: number;
}

const { model, images, logits, progress, batch } = workerData as WorkerInput;
const runtime = createRuntime(decodeModel(model));
const { imageSize, classes } = runtime;
const count = images.length / imageSize;

for (;;) {
  const first = Atomics.add(progress, 0, batch);
  if (first >= count) break;
  const taken = Math.min(batch, count - first);
  const part = images.subarray(first * imageSize, (first + taken) * imageSize);
  logits.set(runtime.logits(part, taken), first * classes);
  Atomics.add(progress, 1, taken);
  parentPort?.postMessage(null);
}
