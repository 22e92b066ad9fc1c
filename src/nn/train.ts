import type { Batch, ImageSource } from '../data/source.js';
import type { Engine } from '../engine/engine.js';
import type { NetworkShape } from '../model/network.js';
import type { BinaryQuantizeSpec, Spec } from '../spec/types.js';
import { writeLatentGradient } from '../subbit/quantize.js';
import type { Refinement } from '../subbit/refine.js';
import { permutation, stream } from '../util/random.js';
import { requireFiniteParameters, requireFinitePasses } from './divergence.js';
import { type Layout, layoutOf, outChannels, view } from './layout.js';
import { decayWeights, optimizerStep } from './optimizer.js';
import { refineSubsets } from './refinement.js';
import { learningRateAt } from './schedule.js';
import { quantizeInto, type TrainingState } from './state.js';

/** What decides a training run besides its data, its network and the state that it starts from. */
export type TrainingSpec = Pick<Spec, 'seed'> & {
  readonly quantize: Pick<BinaryQuantizeSpec, 'refine'> & Partial<BinaryQuantizeSpec>;
  readonly train: Omit<Spec['train'], 'threads' | 'pretrain' | 'distill'>;
  readonly augment: Spec['data']['augment'];
};

/** How training went so far in the running epoch. */
export interface TrainingProgress {
  readonly epoch: number;
  readonly image: number;
  readonly images: number;
  /** Mean over the epoch so far. */
  readonly loss: number;
  /** Share of images classified right so far, 0..1. */
  readonly accuracy: number;
}

export interface Trainer {
  readonly shape: NetworkShape;
  readonly spec: TrainingSpec;
  readonly source: ImageSource;
  /** Those of the source's images that are trained on. */
  readonly images: Uint32Array;
  readonly engine: Engine;
  /** Where its settings stand in a spec, for messages; `train` if left out. */
  readonly field?: 'train' | 'train.pretrain';
  /** Told what each refinement step did to each layer. */
  readonly refined?: (block: string, refinement: Refinement) => void;
}

/** Weight of the past in the running batch-norm statistics. */
const statisticsMomentum = 0.9;

/** Images over which batch-norm statistics are estimated anew behind the last epoch. */
const calibrationImages = 12_800;

/**
 * Trains one epoch: every image once, in an order drawn from (seed, epoch); a last, smaller batch is
 * dropped. Updates the arrays of `state` in place and returns the state behind the epoch.
 *
 * @throws the signal's reason when aborted, between two steps; a Failure when a loss, a gradient or a
 *   parameter is not finite. `state` is then half-way and void
 */
export async function trainEpoch(
  trainer: Trainer,
  state: TrainingState,
  report: (progress: TrainingProgress) => void,
  signal: AbortSignal,
): Promise<TrainingState> {
  const { shape, spec, source, images, engine, field = 'train' } = trainer;
  const { batch } = spec.train;
  const layout = layoutOf(shape);
  const order = permutation(images.length, stream(spec.seed, 'order', state.epoch));
  const steps = Math.floor(images.length / batch);
  const wanted = order.slice(0, steps * batch).map((i) => images[i]);
  const engineParameters = new Float32Array(layout.size);
  const moment = { augment: spec.augment, seed: spec.seed, epoch: state.epoch };
  let { optimizer, subsets } = state;
  let lossSum = 0;
  let correct = 0;
  let seen = 0;
  let step = 0;

  for await (const some of source.batches(wanted, batch, moment)) {
    signal.throwIfAborted();
    quantizeInto(layout, { ...state, subsets }, engineParameters);
    const found = await engine.gradients(engineParameters, some);
    const at = { epoch: state.epoch, step, train: spec.train, field };
    requireFinitePasses(layout, found, at);

    const globalStep = state.epoch * steps + step;
    const rate = learningRateAt(spec.train, globalStep, steps);
    const taken = { gradients: found.gradients, globalStep, rate };
    subsets = refineSubsets(spec, { ...state, subsets }, layout, taken, trainer.refined);
    const before = { ...state, optimizer, subsets };
    optimizer = updateParameters(trainer, before, layout, found.gradients, rate);
    requireFiniteParameters(layout, state.parameters, at);
    updateStatistics(state.statistics, found.statistics, globalStep === 0);

    lossSum += found.loss;
    correct += found.correct;
    seen += some.images.length;
    step++;
    const loss = lossSum / step;
    const accuracy = correct / seen;
    report({ epoch: state.epoch, image: step * batch, images: steps * batch, loss, accuracy });
  }
  return { ...state, epoch: state.epoch + 1, optimizer, subsets };
}

function updateParameters(
  { spec }: Trainer,
  { parameters, optimizer, subsets }: TrainingState,
  layout: Layout,
  gradients: Float32Array,
  rate: number,
) {
  for (const block of subsets.keys()) {
    const gradient = view(layout, gradients, `${block}.latent`);
    const latents = view(layout, parameters, `${block}.latent`);
    writeLatentGradient(gradient.slice(), latents, outChannels(layout, block), gradient);
  }
  const isReal = subsets.size === 0;
  for (const { role, offset, size } of layout.parameters.values()) {
    if (role !== 'weight' && !(isReal && role === 'latent')) continue;
    const [values, slopes] = [parameters, gradients].map((v) => v.subarray(offset, offset + size));
    decayWeights(spec.train.optimizer, values, slopes, spec.train.weightDecay, rate);
  }
  return optimizerStep(spec.train, parameters, gradients, optimizer, rate);
}

function updateStatistics(running: Float32Array, batch: Float32Array, first: boolean): void {
  const momentum = first ? 0 : statisticsMomentum;
  for (let i = 0; i < running.length; i++) {
    running[i] = momentum * running[i] + (1 - momentum) * batch[i];
  }
}

/**
 * Estimates the batch-norm statistics anew over training images, with the weights as they now are:
 * running statistics lag behind kernels that flip. Overwrites `state.statistics`.
 */
export async function calibrate(
  { shape, spec, source, images, engine }: Trainer,
  state: TrainingState,
  signal: AbortSignal,
): Promise<void> {
  const layout = layoutOf(shape);
  const engineParameters = new Float32Array(layout.size);
  quantizeInto(layout, state, engineParameters);
  const count = images.length;
  const order = permutation(count, stream(spec.seed, 'calibrate')).map((i) => images[i]);
  const batch = Math.min(count, spec.train.batch);
  const batches = Math.max(1, Math.floor(Math.min(count, calibrationImages) / batch));
  const sum = new Float64Array(state.statistics.length);
  let seen = 0;
  for await (const some of source.batches(order.slice(0, batches * batch), batch, null)) {
    signal.throwIfAborted();
    const found = await engine.statistics(engineParameters, some);
    found.forEach((value, i) => {
      sum[i] += value;
    });
    seen++;
  }
  state.statistics.set(sum.map((value) => value / seen));
}

/** A batch and what a network makes of it. */
export interface Inference {
  readonly batch: Batch;
  /** [images, classes]. */
  readonly logits: Float32Array;
}

/**
 * What a network in inference form makes of some of a source's images, in the order given.
 *
 * @param engineParameters flat vector with quantised weights in place of latents
 */
export async function* inferImages(
  { engine, source }: Pick<Trainer, 'engine' | 'source'>,
  engineParameters: Float32Array,
  statistics: Float32Array,
  images: Uint32Array,
  signal: AbortSignal,
): AsyncGenerator<Inference> {
  for await (const batch of source.batches(images, engine.inferenceBatch, null)) {
    signal.throwIfAborted();
    yield { batch, logits: await engine.logits(engineParameters, statistics, batch) };
  }
}
