import * as tf from '@tensorflow/tfjs-core';
import type { NetworkShape } from '../model/network.js';
import { type Activations, normEpsilon } from '../model/trained.js';
import { type Layout, normStatistics, parameter, view } from './layout.js';
import { type Lesson, trainingLoss } from './loss.js';
import { forward, type Normalize, type Tensors } from './network.js';
import type { Normalized, Ops } from './ops.js';

/** A network ready to be evaluated: its shape, where its parameters lie, and how it computes. */
export interface Program {
  readonly shape: NetworkShape;
  readonly layout: Layout;
  readonly activations: Activations;
  readonly ops: Ops;
  /** Share of every label that is spread over all classes while training, 0..1; none if left out. */
  readonly labelSmoothing?: number;
}

/** What one pass over a batch found. */
export interface BatchResult {
  /** Mean over the images. */
  readonly loss: number;
  /** Images classified right. */
  readonly correct: number;
}

/** The engine's dimensions of a parameter: a quantised latent is laid out as a filter. */
function engineShape(layout: Layout, name: string): number[] {
  const { role, shape } = parameter(layout, name);
  if (role !== 'latent') return [...shape];
  const [outChannels, inChannels, height, width] = shape;
  return [height, width, inChannels, outChannels];
}

function tensorsOf(byName: ReadonlyMap<string, tf.Tensor>): Tensors {
  const get = (name: string) => {
    const tensor = byName.get(name);
    if (!tensor) throw new Error(`no tensor ${name}`);
    return tensor;
  };
  return {
    channel: (name) => get(name) as tf.Tensor1D,
    matrix: (name) => get(name) as tf.Tensor2D,
    filter: (name) => get(name) as tf.Tensor4D,
  };
}

function load(layout: Layout, parameters: Float32Array): Map<string, tf.Tensor> {
  const tensors = new Map<string, tf.Tensor>();
  for (const name of layout.parameters.keys()) {
    const values = view(layout, parameters, name).slice();
    tensors.set(name, tf.tensor(values, engineShape(layout, name), 'float32'));
  }
  return tensors;
}

/** Batch norm by the batch's own statistics, which `record` receives. */
function trainingNorm(
  ops: Ops,
  tensors: Tensors,
  record: (name: string, normalized: Normalized) => void,
): Normalize {
  return (name, x) => {
    const gamma = tensors.channel(`${name}.gamma`);
    const beta = tensors.channel(`${name}.beta`);
    const normalized = ops.batchNorm(x, gamma, beta);
    record(name, normalized);
    return normalized.y;
  };
}

function inferenceNorm({ layout }: Program, tensors: Tensors, statistics: Float32Array): Normalize {
  return (name, x) => {
    const { channels, meanOffset, varianceOffset } = normStatistics(layout, name);
    const mean = tf.tensor1d(statistics.slice(meanOffset, meanOffset + channels));
    const variance = tf.tensor1d(statistics.slice(varianceOffset, varianceOffset + channels));
    const scale = tf.mul(tensors.channel(`${name}.gamma`), tf.rsqrt(tf.add(variance, normEpsilon)));
    const offset = tf.sub(tensors.channel(`${name}.beta`), tf.mul(mean, scale));
    return tf.add(tf.mul(x, scale), offset) as tf.Tensor4D;
  };
}

/** Values of tensors that are needed no more. */
async function take(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose([...tensors]);
  return values;
}

/** Reads what a pass recorded of each norm into the flat `statistics`. */
async function takeStatistics(
  { layout }: Program,
  recorded: ReadonlyMap<string, Pick<Normalized, 'mean' | 'variance'>>,
  statistics: Float32Array,
): Promise<void> {
  const reads = Array.from(recorded, async ([name, { mean, variance }]) => {
    const { meanOffset, varianceOffset } = normStatistics(layout, name);
    const [means, variances] = await take([mean, variance]);
    statistics.set(means, meanOffset);
    statistics.set(variances, varianceOffset);
  });
  await Promise.all(reads);
}

/**
 * Loss, gradients and batch-norm statistics of one batch.
 *
 * @param parameters the flat vector in the engine's form: latents replaced by quantised weights
 * @param images scaled pixels, [labels, H, W, C]
 * @param gradients flat vector, overwritten; at a latent: the gradient of its quantised weight
 * @param statistics flat statistics of this batch, overwritten
 * @param lesson a teacher's part in the loss; null: there is none
 */
export async function gradientStep(
  program: Program,
  parameters: Float32Array,
  images: Float32Array,
  labels: Int32Array,
  gradients: Float32Array,
  statistics: Float32Array,
  lesson: Lesson | null = null,
): Promise<BatchResult> {
  const names = [...program.layout.parameters.keys()];
  const recorded = new Map<string, Pick<Normalized, 'mean' | 'variance'>>();
  const predictions: tf.Tensor[] = [];
  const { value, grads } = tf.tidy(() => {
    const loss = (...values: tf.Tensor[]) => {
      const tensors = tensorsOf(new Map(names.map((name, i) => [name, values[i]])));
      const normalize = trainingNorm(program.ops, tensors, (name, { mean, variance }) => {
        recorded.set(name, { mean: tf.keep(mean), variance: tf.keep(variance) });
      });
      const logits = runForward(program, tensors, normalize, images);
      predictions.push(tf.keep(tf.argMax(logits, 1)));
      return trainingLoss(logits, labels, program.labelSmoothing ?? 0, lesson);
    };
    return tf.valueAndGrads(loss)([...load(program.layout, parameters).values()]);
  });
  await takeStatistics(program, recorded, statistics);
  const [[meanLoss], predicted, ...found] = await take([value, ...predictions, ...grads]);
  names.forEach((name, i) => {
    gradients.set(found[i], parameter(program.layout, name).offset);
  });
  const correct = labels.filter((label, i) => predicted[i] === label).length;
  return { loss: meanLoss, correct };
}

/** Batch-norm statistics of one batch, forward only; `statistics` is overwritten. */
export async function statisticsStep(
  program: Program,
  parameters: Float32Array,
  images: Float32Array,
  statistics: Float32Array,
): Promise<void> {
  const recorded = new Map<string, Pick<Normalized, 'mean' | 'variance'>>();
  tf.tidy(() => {
    const tensors = tensorsOf(load(program.layout, parameters));
    const normalize = trainingNorm(program.ops, tensors, (name, { mean, variance }) => {
      recorded.set(name, { mean: tf.keep(mean), variance: tf.keep(variance) });
    });
    runForward(program, tensors, normalize, images);
  });
  await takeStatistics(program, recorded, statistics);
}

/** Logits [images, classes] by the given statistics: inference. */
export async function inferenceStep(
  program: Program,
  parameters: Float32Array,
  statistics: Float32Array,
  images: Float32Array,
): Promise<Float32Array> {
  const loaded = load(program.layout, parameters);
  const logits = await infer(program, tensorsOf(loaded), statistics, images);
  tf.dispose([...loaded.values()]);
  return logits;
}

/** Inference, as {@link inferenceStep}, with parameters that never change: they are loaded once. */
export function fixedInference(
  program: Program,
  parameters: Float32Array,
  statistics: Float32Array,
): (images: Float32Array) => Promise<Float32Array> {
  const tensors = tensorsOf(load(program.layout, parameters));
  return (images) => infer(program, tensors, statistics, images);
}

async function infer(
  program: Program,
  tensors: Tensors,
  statistics: Float32Array,
  images: Float32Array,
): Promise<Float32Array> {
  const logits = tf.tidy(() =>
    runForward(program, tensors, inferenceNorm(program, tensors, statistics), images),
  );
  const [values] = await take([logits]);
  return values;
}

function runForward(
  { shape, ops, activations }: Program,
  tensors: Tensors,
  normalize: Normalize,
  images: Float32Array,
): tf.Tensor2D {
  const { height, width, channels } = shape.input;
  const count = images.length / (height * width * channels);
  const batch = tf.tensor4d(images, [count, height, width, channels]);
  return forward(shape, ops, tensors, normalize, activations, batch);
}
