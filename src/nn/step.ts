import * as tf from '@tensorflow/tfjs-core';
import type { NetworkShape } from '../model/network.js';
import { normEpsilon } from '../model/trained.js';
import { type Layout, normStatistics, parameter, view } from './layout.js';
import { type Activations, forward, type Normalize, type Tensors } from './network.js';
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
  /** Mean cross-entropy. */
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

function writeStatistics(
  { layout }: Program,
  recorded: ReadonlyMap<string, Normalized>,
  statistics: Float32Array,
): void {
  for (const [name, { mean, variance }] of recorded) {
    const { meanOffset, varianceOffset } = normStatistics(layout, name);
    statistics.set(mean.dataSync<'float32'>(), meanOffset);
    statistics.set(variance.dataSync<'float32'>(), varianceOffset);
  }
}

function countCorrect(logits: tf.Tensor2D, labels: Int32Array): number {
  const predictions = tf.argMax(logits, 1).dataSync();
  return labels.reduce((count, label, i) => count + (predictions[i] === label ? 1 : 0), 0);
}

/**
 * Loss, gradients and batch-norm statistics of one batch.
 *
 * @param parameters the flat vector in the engine's form: latents replaced by quantised weights
 * @param images scaled pixels, [labels, H, W, C]
 * @param gradients flat vector, overwritten; at a latent: the gradient of its quantised weight
 * @param statistics flat statistics of this batch, overwritten
 */
export function gradientStep(
  program: Program,
  parameters: Float32Array,
  images: Float32Array,
  labels: Int32Array,
  gradients: Float32Array,
  statistics: Float32Array,
): BatchResult {
  return tf.tidy(() => {
    const names = [...program.layout.parameters.keys()];
    const recorded = new Map<string, Normalized>();
    let correct = 0;
    const loss = (...values: tf.Tensor[]) => {
      const tensors = tensorsOf(new Map(names.map((name, i) => [name, values[i]])));
      const normalize = trainingNorm(program.ops, tensors, (name, normalized) => {
        recorded.set(name, {
          y: normalized.y,
          mean: tf.keep(normalized.mean),
          variance: tf.keep(normalized.variance),
        });
      });
      const { height, width, channels } = program.shape.input;
      const batch = tf.tensor4d(images, [labels.length, height, width, channels]);
      const { shape, ops, activations } = program;
      const logits = forward(shape, ops, tensors, normalize, activations, batch);
      correct = countCorrect(logits, labels);
      return ops.crossEntropy(logits, labels, program.labelSmoothing ?? 0);
    };
    const inputs = [...load(program.layout, parameters).values()];
    const { value, grads } = tf.valueAndGrads(loss)(inputs);
    writeStatistics(program, recorded, statistics);
    for (const { mean, variance } of recorded.values()) tf.dispose([mean, variance]);
    names.forEach((name, i) => {
      gradients.set(grads[i].dataSync<'float32'>(), parameter(program.layout, name).offset);
    });
    return { loss: value.dataSync()[0], correct };
  });
}

/** Batch-norm statistics of one batch, forward only; `statistics` is overwritten. */
export function statisticsStep(
  program: Program,
  parameters: Float32Array,
  images: Float32Array,
  statistics: Float32Array,
): void {
  tf.tidy(() => {
    const recorded = new Map<string, Normalized>();
    const tensors = tensorsOf(load(program.layout, parameters));
    const normalize = trainingNorm(program.ops, tensors, (name, normalized) => {
      recorded.set(name, normalized);
    });
    runForward(program, tensors, normalize, images);
    writeStatistics(program, recorded, statistics);
  });
}

/** Logits [images, classes] by the given statistics: inference. */
export function inferenceStep(
  program: Program,
  parameters: Float32Array,
  statistics: Float32Array,
  images: Float32Array,
): Float32Array {
  return tf.tidy(() => {
    const tensors = tensorsOf(load(program.layout, parameters));
    const normalize = inferenceNorm(program, tensors, statistics);
    return runForward(program, tensors, normalize, images).dataSync<'float32'>();
  });
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
