import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { dataDigest, type ImageSet, loadSplit } from '../data/load.js';
import { allOf, type ImageSource, memorySource } from '../data/source.js';
import { startFloatClassifier } from '../engine/infer.js';
import { decodeModel } from '../model/container/read.js';
import { predictionsOf } from '../model/reference.js';
import type { TrainedNetwork } from '../model/trained.js';
import { decodeTrained } from '../model/trained-file.js';
import type { Metric, Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import { createRuntime, type Runtime, startClassifier } from '../runtime/index.js';
import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { imagesOf, requireBitExact } from './verify-packed.js';

type Slice = Pick<Spec, 'verify'> & { readonly data: Omit<Spec['data'], 'augment'> };

/** Percentage points by which the packed model's accuracy may differ from the float network's. */
const accuracyTolerance = 0.5;

/** Images over which the time of one image is measured. */
const timedImages = 500;

/**
 * Tests the packed model on every test image: its accuracy beside that of the trained network in
 * the training engine, and the runtime against the reference, bit for bit and layer by layer, on
 * `verify.images` of them. The artifact: `result.json` (accuracies, confusion, predictions).
 */
export const evaluate = defineStage({
  name: 'evaluate',
  version: 1,
  needs: ['refine', 'pack'],
  reads: (spec): Slice => {
    const { augment: _, ...data } = spec.data;
    return { data, verify: spec.verify };
  },
  environment: async ({ data }) => ({ data: await dataDigest(data) }),
  run: test,
});

/** Percentage of predictions that are the label. */
function accuracyOf(predictions: readonly number[], labels: readonly number[]): number {
  const correct = labels.filter((label, i) => label === predictions[i]).length;
  return (100 * correct) / labels.length;
}

/** How often images of one class (row) were given another (column). */
function confusionOf(predictions: readonly number[], labels: readonly number[], classes: number) {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, i) => {
    confusion[label][predictions[i]]++;
  });
  return confusion;
}

/** Milliseconds that one image takes on one thread, loading and preparation left out. */
function timePerImage(runtime: Runtime, images: ImageSet): number {
  const count = Math.min(timedImages, images.count);
  const run = () => {
    const started = performance.now();
    runtime.logits(images.pixels, count);
    return (performance.now() - started) / count;
  };
  return Math.min(run(), run(), run());
}

/** Classes of test images: what they are, and what the packed and the float network say. */
interface Classified {
  readonly labels: number[];
  readonly packed: number[];
  readonly float: number[];
}

/** Lets both networks classify every image of a source, batch by batch. */
async function classifyAll(
  modelBytes: Uint8Array,
  network: TrainedNetwork,
  source: ImageSource,
  emit: StageContext<Slice>['emit'],
  signal: AbortSignal,
): Promise<Classified> {
  const threads = availableParallelism();
  const { classes } = network.shape.classifier;
  const classifier = startClassifier(modelBytes, threads);
  const floatClassifier = startFloatClassifier(network, threads);
  const all: Classified = { labels: [], packed: [], float: [] };
  try {
    for await (const batch of source.batches(allOf(source), floatClassifier.batch, null)) {
      signal.throwIfAborted();
      all.labels.push(...batch.labels);
      all.packed.push(...predictionsOf(await classifier.logits(batch), classes));
      all.float.push(...predictionsOf(await floatClassifier.logits(batch), classes));
      emit({ type: 'progress', done: all.labels.length, total: source.count, unit: 'images' });
    }
  } finally {
    await Promise.all([classifier.close(), floatClassifier.close()]);
  }
  return all;
}

/** @throws Failure where packing has cost (or won) more accuracy than it may */
function requireAccuracy(packed: number, float: number): void {
  if (Math.abs(packed - float) <= accuracyTolerance) return;
  throw new Failure(
    'input',
    `the packed model classifies ${packed.toFixed(2)} % of the test images right, the trained ` +
      `network ${float.toFixed(2)} %: more than ${accuracyTolerance} points apart`,
    ['train longer or with a smaller learning rate: its activations are at the edge of a sign'],
  );
}

async function test({
  spec: { data, verify },
  inputs,
  out,
  emit,
  signal,
}: StageContext<Slice>): Promise<Metrics> {
  const started = performance.now();
  const modelBytes = await readFile(join(inputs.pack.path, 'model.snn'));
  const model = decodeModel(modelBytes, 'model.snn');
  const network = decodeTrained(await readFile(join(inputs.refine.path, 'trained.safetensors')));
  const images = await loadSplit(data, 'test');
  const imageSize = images.pixels.length / images.count;

  const runtime = createRuntime(model);
  const compared = images.pixels.subarray(0, verify.images * imageSize);
  const wanted = Math.min(verify.images, images.count);
  const verified = await requireBitExact(
    model,
    runtime,
    imagesOf(compared, imageSize),
    (done) => emit({ type: 'progress', done, total: wanted, unit: 'images verified' }),
    signal,
  );
  if (verified === 0 || verified !== wanted) {
    throw new Error(`only ${verified} of ${wanted} images were verified`);
  }
  emit({ type: 'note', text: `runtime = reference on ${verified} test images, every layer` });

  const milliseconds = timePerImage(runtime, images);
  const found = await classifyAll(modelBytes, network, memorySource(images), emit, signal);
  const { labels, packed, float } = found;
  const { classes } = model;
  const packedAccuracy = accuracyOf(packed, labels);
  const floatAccuracy = accuracyOf(float, labels);
  requireAccuracy(packedAccuracy, floatAccuracy);
  const same = float.filter((prediction, i) => prediction === packed[i]).length;
  const result = {
    images: labels.length,
    accuracy: { packed: packedAccuracy, float: floatAccuracy },
    sameClass: same,
    verified,
    classes,
    confusion: confusionOf(packed, labels, classes.length),
    predictions: packed,
  };
  await writeFile(join(out, 'result.json'), `${JSON.stringify(result)}\n`);

  const measured = (value: number, unit: string): Metric => ({ value, unit, kind: 'measured' });
  return {
    'test accuracy': measured(packedAccuracy, `% of ${labels.length} images`),
    'float test accuracy': measured(floatAccuracy, `% of ${labels.length} images`),
    'same class as float': measured((100 * same) / labels.length, '%'),
    'verified bit for bit': { value: verified, unit: 'images', kind: 'counted' },
    'CPU time': measured(milliseconds, 'ms/image, 1 thread'),
    'evaluation time': measured((performance.now() - started) / 1000, 's'),
  };
}
