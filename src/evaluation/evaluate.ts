import { availableParallelism } from 'node:os';
import { allOf } from '../data/source.js';
import { decodeModel } from '../model/container/read.js';
import { startClassifier } from '../runtime/index.js';
import { Failure } from '../util/failure.js';
import { openTestImages, type TestData } from './images.js';

/** How well a packed model does on a data set's test images. All measured. */
export interface Evaluation {
  readonly images: number;
  /** Images that could not be read and were passed over. */
  readonly skipped: number;
  /** Percentages of images whose class is the first, or among the first five; null of five classes or fewer. */
  readonly top1: number;
  readonly top5: number | null;
  readonly seconds: number;
  readonly threads: number;
}

/** Images that the threads take at a time. */
const batch = 64;

/** Images between two reports. */
const reportEvery = 5000;

/** How many classes stand before class `label` in a row of logits; of equals the lowest class is first. */
export function rankOf(logits: Int32Array, label: number): number {
  const own = logits[label];
  let rank = 0;
  for (const [k, logit] of logits.entries()) {
    if (logit > own || (logit === own && k < label)) rank++;
  }
  return rank;
}

/**
 * Tests a packed model on test images, in the packed runtime on all cores.
 *
 * @param modelBytes a `.snn` file
 * @param file what to call it in errors
 * @param report told how many images are done, about every 5000 of them
 * @throws Failure where model or images cannot be read, or do not fit each other
 */
export async function evaluateModel(
  modelBytes: Uint8Array,
  file: string,
  data: TestData,
  report: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { shape } = decodeModel(modelBytes, file);
  const { classes } = shape.classifier;
  const source = await openTestImages(data, shape.input, classes);
  const threads = availableParallelism();
  const classifier = startClassifier(modelBytes, threads);
  const started = performance.now();
  let images = 0;
  let [first, amongFive] = [0, 0];
  try {
    for await (const some of source.batches(allOf(source), batch, null)) {
      signal.throwIfAborted();
      const logits = await classifier.logits(some);
      for (const [i, label] of some.labels.entries()) {
        const rank = rankOf(logits.subarray(i * classes, (i + 1) * classes), label);
        if (rank === 0) first++;
        if (rank < 5) amongFive++;
      }
      const before = images;
      images += some.labels.length;
      const isDue = Math.floor(images / reportEvery) > Math.floor(before / reportEvery);
      if (isDue && images < source.count) report(images, source.count);
    }
  } finally {
    await Promise.all([classifier.close(), source.close()]);
  }
  if (images === 0) {
    throw new Failure('input', 'none of the test images can be read', [
      'name a folder with JPEG, PNG or WebP images in a folder for each class: --path DIR',
    ]);
  }
  return {
    images,
    skipped: source.skipped.size,
    top1: (100 * first) / images,
    top5: classes > 5 ? (100 * amongFive) / images : null,
    seconds: (performance.now() - started) / 1000,
    threads,
  };
}
