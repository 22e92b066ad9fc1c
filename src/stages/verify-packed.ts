import { floatTrace } from '../model/float-reference.js';
import type { PackedModel } from '../model/packed.js';
import { argmax, referenceLogits, referenceTrace } from '../model/reference.js';
import { describeDifference, firstDifference } from '../model/trace.js';
import type { TrainedNetwork } from '../model/trained.js';
import type { Runtime } from '../runtime/index.js';

/** How closely a packed model follows the network that it was packed from. */
export interface Agreement {
  readonly images: number;
  /** Images that each takes for what they are labelled. */
  readonly correct: { readonly float: number; readonly packed: number };
  /** Images to which both give the same class. */
  readonly sameClass: number;
  /** Root mean square of the logits' differences, by that of the float logits. */
  readonly logitError: number;
}

/** A pause between images, so that progress is shown and Ctrl-C is heard. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Splits pixels [count, height, width, channels] into images. */
export function* eachImage(pixels: Uint8Array, imageSize: number): Generator<Uint8Array> {
  for (let from = 0; from + imageSize <= pixels.length; from += imageSize) {
    yield pixels.subarray(from, from + imageSize);
  }
}

/**
 * Compares a packed model's logits with those of its trained network in float64, image by image.
 *
 * @param labels the images' classes
 */
export async function agreementWithFloat(
  network: TrainedNetwork,
  model: PackedModel,
  images: Iterable<Uint8Array>,
  labels: Uint16Array,
  signal: AbortSignal,
): Promise<Agreement> {
  const correct = { float: 0, packed: 0 };
  let count = 0;
  let sameClass = 0;
  let error = 0;
  let total = 0;
  for (const image of images) {
    signal.throwIfAborted();
    const float = floatTrace(network, image).at(-1)?.values ?? new Float64Array();
    const packed = Array.from(referenceLogits(model, image), (v) => v * model.classifier.scale);
    packed.forEach((logit, k) => {
      error += (logit - float[k]) ** 2;
      total += float[k] ** 2;
    });
    const chosen = { float: argmax(float), packed: argmax(packed) };
    if (chosen.packed === chosen.float) sameClass++;
    if (chosen.float === labels[count]) correct.float++;
    if (chosen.packed === labels[count]) correct.packed++;
    count++;
    await breathe();
  }
  return { images: count, correct, sameClass, logitError: Math.sqrt(error / total) };
}

/**
 * Compares the runtime with the reference on every layer of every image.
 *
 * @param report told how many images agree so far
 * @returns how many images were compared
 * @throws Error naming image, layer, channel and position of the first bit that differs
 */
export async function requireBitExact(
  model: PackedModel,
  runtime: Runtime,
  images: Iterable<Uint8Array>,
  report: (done: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  for (const image of images) {
    signal.throwIfAborted();
    const difference = firstDifference(referenceTrace(model, image), runtime.trace(image));
    if (difference) {
      const where = describeDifference(difference);
      throw new Error(`the runtime differs from the reference on test image ${done}: ${where}`);
    }
    report(++done);
    await breathe();
  }
  return done;
}
