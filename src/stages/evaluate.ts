import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { dataDigest, type ImageSet, openSplit } from '../data/load.js';
import { allOf, type Batch, type ImageSource, imagesOf } from '../data/source.js';
import { startFloatClassifier } from '../engine/infer.js';
import { decodeModel } from '../model/container/read.js';
import type { MapShape } from '../model/network.js';
import type { PackedModel } from '../model/packed.js';
import { predictionsOf } from '../model/reference.js';
import type { TrainedNetwork } from '../model/trained.js';
import { decodeTrained } from '../model/trained-file.js';
import type { Metric, Metrics } from '../pipeline/events.js';
import { defineStage, inputOf, type StageContext } from '../pipeline/stage.js';
import { createRuntime, type Runtime, startClassifier } from '../runtime/index.js';
import type { DataFiles, Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { tellSkipped } from './skipped.js';
import { eachImage, requireBitExact } from './verify-packed.js';

type Slice = Pick<Spec, 'verify'> & { readonly data: DataFiles };
type Context = StageContext<Slice>;

/** What `result.json` says, and the figures. */
interface Outcome {
  readonly result: object;
  readonly metrics: Metrics;
}

/** Percentage points by which the packed model's accuracy may differ from the float network's. */
const accuracyTolerance = 0.5;

/** Images over which the time of one image is measured: as many as have so many pixels, 500 at most. */
const timedPixels = 2 ** 22;

function timedImages({ height, width }: MapShape): number {
  return Math.min(500, Math.ceil(timedPixels / (height * width)));
}

/**
 * Tests a network on every test image. One that was packed: its accuracy beside that of the trained
 * network in the training engine, and the runtime against the reference, bit for bit and layer by
 * layer, on `verify.images` of them. One that was not: in the training engine alone. The artifact:
 * `result.json` (accuracies, confusion, predictions).
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

async function test(context: Context): Promise<Metrics> {
  const { spec, inputs, out } = context;
  const started = performance.now();
  const trained = join(inputOf(inputs, 'refine').path, 'trained.safetensors');
  const network = decodeTrained(await readFile(trained));
  const source = await openSplit(spec.data, 'test');
  try {
    const { result, metrics } = inputs.pack
      ? await testPacked(join(inputs.pack.path, 'model.snn'), network, source, context)
      : await testFloat(network, source, context);
    await writeFile(join(out, 'result.json'), `${JSON.stringify(result)}\n`);
    const seconds = (performance.now() - started) / 1000;
    return {
      ...metrics,
      'evaluation time': measured(seconds, 's'),
      ...tellSkipped(source, context.emit),
    };
  } finally {
    await source.close();
  }
}

/** The trained network by itself, in the training engine. */
async function testFloat(
  network: TrainedNetwork,
  source: ImageSource,
  context: Context,
): Promise<Outcome> {
  const float = startFloatClassifier(network, availableParallelism());
  const { labels, predictions } = await classifyAll([float], float.batch, source, context);
  const [found] = predictions;
  const accuracy = accuracyOf(found, labels);
  const { classes } = network;
  return {
    result: {
      images: labels.length,
      accuracy: { float: accuracy },
      classes,
      confusion: confusionOf(found, labels, classes.length),
      predictions: found,
    },
    metrics: { 'test accuracy': measured(accuracy, `% of ${labels.length} images`) },
  };
}

/** The packed model, held to the reference and to the trained network. */
async function testPacked(
  file: string,
  network: TrainedNetwork,
  source: ImageSource,
  context: Context,
): Promise<Outcome> {
  const modelBytes = await readFile(file);
  const model = decodeModel(modelBytes, 'model.snn');
  const runtime = createRuntime(model);
  const few = Math.max(context.spec.verify.images, timedImages(source.shape));
  const images = await imagesOf(source, allOf(source).slice(0, few));
  if (images.count === 0) throw unreadable();
  const verified = await verify(model, runtime, images, context);
  const milliseconds = timePerImage(runtime, images);

  const threads = availableParallelism();
  const classifier = startClassifier(modelBytes, threads);
  const float = startFloatClassifier(network, threads);
  const both = [classifier, float];
  const { labels, predictions } = await classifyAll(both, float.batch, source, context);
  const [packed, expected] = predictions;
  const accuracy = accuracyOf(packed, labels);
  const floatAccuracy = accuracyOf(expected, labels);
  requireAccuracy(accuracy, floatAccuracy);
  const same = packed.filter((prediction, i) => prediction === expected[i]).length;
  const { classes } = model;
  return {
    result: {
      images: labels.length,
      accuracy: { packed: accuracy, float: floatAccuracy },
      sameClass: same,
      verified,
      classes,
      confusion: confusionOf(packed, labels, classes.length),
      predictions: packed,
    },
    metrics: {
      'test accuracy': measured(accuracy, `% of ${labels.length} images`),
      'float test accuracy': measured(floatAccuracy, `% of ${labels.length} images`),
      'same class as float': measured((100 * same) / labels.length, '%'),
      'verified bit for bit': { value: verified, unit: 'images', kind: 'counted' },
      'CPU time': measured(milliseconds, 'ms/image, 1 thread'),
    },
  };
}

function measured(value: number, unit: string): Metric {
  return { value, unit, kind: 'measured' };
}

/** What classifies images, and is closed when it is done. */
interface Classifier {
  /** [images, classes]. */
  logits(batch: Batch): Promise<Float32Array | Int32Array>;
  close(): Promise<void>;
}

/**
 * Lets every classifier see every image, `size` at a time, and closes them.
 *
 * @returns the images' classes, and what each classifier takes the images for
 */
async function classifyAll(
  classifiers: readonly Classifier[],
  size: number,
  source: ImageSource,
  { emit, signal }: Context,
) {
  const labels: number[] = [];
  const predictions = classifiers.map((): number[] => []);
  try {
    for await (const batch of source.batches(allOf(source), size, null)) {
      signal.throwIfAborted();
      labels.push(...batch.labels);
      for (const [i, classifier] of classifiers.entries()) {
        const logits = await classifier.logits(batch);
        predictions[i].push(...predictionsOf(logits, logits.length / batch.images.length));
      }
      emit({ type: 'progress', done: labels.length, total: source.count, unit: 'images' });
    }
  } finally {
    await Promise.all(classifiers.map((classifier) => classifier.close()));
  }
  if (labels.length === 0) throw unreadable();
  return { labels, predictions };
}

/** Every image was passed over: there is nothing to test on. */
function unreadable(): Failure {
  return new Failure('input', 'none of the test images can be read', [
    'see what is wrong with the first: data.onCorrupt: fail',
  ]);
}

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

/** Holds the runtime to the reference on `verify.images` test images; how many they were. */
async function verify(
  model: PackedModel,
  runtime: Runtime,
  images: ImageSet,
  { spec, emit, signal }: Context,
): Promise<number> {
  const wanted = Math.min(spec.verify.images, images.count);
  const compared = images.pixels.subarray(0, wanted * runtime.imageSize);
  const verified = await requireBitExact(
    model,
    runtime,
    eachImage(compared, runtime.imageSize),
    (done) => emit({ type: 'progress', done, total: wanted, unit: 'images verified' }),
    signal,
  );
  if (verified === 0 || verified !== wanted) {
    throw new Error(`only ${verified} of ${wanted} images were verified`);
  }
  emit({ type: 'note', text: `runtime = reference on ${verified} test images, every layer` });
  return verified;
}

/** Milliseconds that one image takes on one thread, loading and preparation left out. */
function timePerImage(runtime: Runtime, { shape, count: all, pixels }: ImageSet): number {
  const count = Math.min(timedImages(shape), all);
  const run = () => {
    const started = performance.now();
    runtime.logits(pixels, count);
    return (performance.now() - started) / count;
  };
  return Math.min(run(), run(), run());
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
