import * as tf from '@tensorflow/tfjs-core';

/** What a teacher makes of a batch, and how much that counts. */
export interface Lesson {
  /** The teacher's logits, [images, classes]. */
  readonly logits: Float32Array;
  /** Share of the loss, 0..1; the labels have the rest. */
  readonly weight: number;
  /** Divides both networks' logits, above 0: a higher one evens the classes out. */
  readonly temperature: number;
}

/** One part of the loss: how far the softmax of logits / temperature is from its targets. */
interface Term {
  readonly share: number;
  readonly temperature: number;
  /** Probabilities, [images, classes]. */
  readonly targets: tf.Tensor2D;
}

/**
 * What the softmax is to come to, [labels, classes]: the class itself, or, smoothed, a share of
 * `smoothing` spread evenly over all classes. (tf.oneHot writes integers into float32 tensors on
 * the wasm backend.)
 */
function targetsOf(labels: Int32Array, classes: number, smoothing: number): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes).fill(smoothing / classes);
  labels.forEach((label, i) => {
    values[i * classes + label] += 1 - smoothing;
  });
  return tf.tensor2d(values, [labels.length, classes]);
}

function softmax(logits: tf.Tensor2D) {
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  const exponentials = tf.exp(shifted);
  const sums = tf.sum(exponentials, 1, true);
  return {
    probabilities: tf.div(exponentials, sums) as tf.Tensor2D,
    logarithms: tf.sub(shifted, tf.log(sums)) as tf.Tensor2D,
  };
}

function termsOf(
  [images, classes]: readonly [number, number],
  labels: Int32Array,
  smoothing: number,
  lesson: Lesson | null,
): Term[] {
  const ofLabels = (share: number): Term => {
    return { share, temperature: 1, targets: targetsOf(labels, classes, smoothing) };
  };
  if (lesson === null) return [ofLabels(1)];
  const { logits, weight, temperature } = lesson;
  const taught = tf.div(tf.tensor2d(logits, [images, classes]), temperature) as tf.Tensor2D;
  const { probabilities } = softmax(taught);
  const ofTeacher = { share: weight, temperature, targets: probabilities };
  return weight === 1 ? [ofTeacher] : [ofLabels(1 - weight), ofTeacher];
}

/** Value of a term, and its gradient to the logits, as means over the images. */
function evaluate(logits: tf.Tensor2D, { share, temperature, targets }: Term) {
  const [images] = logits.shape;
  const { probabilities, logarithms } = softmax(tf.div(logits, temperature) as tf.Tensor2D);
  const crossEntropy = tf.div(tf.sum(tf.mul(logarithms, targets)), -images);
  const difference = tf.sub(probabilities, targets);
  return {
    value: tf.mul(crossEntropy, share * temperature ** 2),
    gradient: tf.mul(difference, (share * temperature) / images),
  };
}

/**
 * Mean loss of logits [images, classes], with its gradient: the cross-entropy CE against the images'
 * classes, labels smoothed by `smoothing`, 0..1 (Szegedy et al., CVPR 2016), or, with a teacher,
 *   (1 - weight) CE(labels, softmax(z)) + weight T^2 CE(softmax(teacher / T), softmax(z / T))
 * (Hinton et al., 2015); T^2 keeps the teacher's part of the gradient from falling with T.
 */
export function trainingLoss(
  logits: tf.Tensor2D,
  labels: Int32Array,
  smoothing: number,
  lesson: Lesson | null = null,
): tf.Scalar {
  const op = tf.customGrad((...args) => {
    const [logits, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const parts = termsOf(logits.shape, labels, smoothing, lesson).map((term) =>
      evaluate(logits, term),
    );
    save([parts.map(({ gradient }) => gradient).reduce((sum, part) => tf.add(sum, part))]);
    return {
      value: parts.map(({ value }) => value).reduce((sum, part) => tf.add(sum, part)),
      gradFunc: (dy: tf.Tensor, [gradient]: tf.Tensor[]) => tf.mul(gradient, dy),
    };
  });
  return op(logits) as tf.Scalar;
}
