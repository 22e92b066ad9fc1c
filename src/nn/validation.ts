import { predictionsOf } from '../model/reference.js';
import { permutation, stream } from '../util/random.js';
import { layoutOf } from './layout.js';
import { quantizeInto, type TrainingState } from './state.js';
import { calibrate, inferImages, type Trainer } from './train.js';

/** The images of a training split, apart: each list in rising order. */
export interface Division {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Keeps back a share of the `count` images of a training split, drawn from the seed.
 *
 * @param share 0..0.5; any above 0 keeps back one image at least
 */
export function divide(count: number, share: number, seed: number): Division {
  const kept = share === 0 ? 0 : Math.max(1, Math.round(count * share));
  const order = permutation(count, stream(seed, 'validation'));
  return { training: order.slice(kept).sort(), validation: order.slice(0, kept).sort() };
}

/**
 * Share of `images` that the network of a training state classifies right, 0..1, with batch-norm
 * statistics estimated anew over training images; those of `state` stay as they are.
 */
export async function validate(
  trainer: Trainer,
  state: TrainingState,
  images: Uint32Array,
  signal: AbortSignal,
): Promise<number> {
  const { shape } = trainer;
  const calibrated = { ...state, statistics: state.statistics.slice() };
  await calibrate(trainer, calibrated, signal);
  const layout = layoutOf(shape);
  const parameters = new Float32Array(layout.size);
  quantizeInto(layout, calibrated, parameters);
  const { statistics } = calibrated;
  let right = 0;
  let seen = 0;
  for await (const { batch, logits } of inferImages(
    trainer,
    parameters,
    statistics,
    images,
    signal,
  )) {
    const { labels } = batch;
    const predictions = predictionsOf(logits, shape.classifier.classes);
    right += labels.filter((label, i) => predictions[i] === label).length;
    seen += labels.length;
  }
  return right / seen;
}
