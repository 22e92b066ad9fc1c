import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { dataDigest, findDataSet, loadSplit } from '../data/load.js';
import { inputScaling } from '../data/prepare.js';
import { dataSets } from '../data/sets.js';
import { startWasmEngine } from '../engine/wasm.js';
import { encodeTrained } from '../model/trained-file.js';
import { decodeCheckpoint, encodeCheckpoint } from '../nn/checkpoint.js';
import { layoutOf } from '../nn/layout.js';
import { initialState, type TrainingState } from '../nn/state.js';
import { calibrate, type Trainer, type TrainingProgress, trainEpoch } from '../nn/train.js';
import { trainedNetwork } from '../nn/trained.js';
import { watchSubsets } from '../nn/watch.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import { networkShape } from '../spec/shape.js';
import type { Spec } from '../spec/types.js';
import { encodeSubsetEpochs, type SubsetEpoch } from '../subbit/record.js';
import type { Subset } from '../subbit/subset.js';
import { decodeSubsets } from '../subbit/subset-file.js';
import { Failure } from '../util/failure.js';

type Slice = Pick<Spec, 'seed' | 'data' | 'architecture' | 'quantize'> & {
  readonly train: Omit<Spec['train'], 'threads'>;
  /** The number of threads decides how gradients are summed, and with it every bit of the result. */
  readonly engine: { readonly name: 'wasm'; readonly threads: number };
};

/** What one epoch found: a row of history.json. */
interface EpochRecord {
  readonly epoch: number;
  /** Mean training cross-entropy. */
  readonly loss: number;
  /** Share of training images classified right while training, 0..1. */
  readonly accuracy: number;
}

/**
 * Trains the network and its subsets. Every epoch leaves a checkpoint, from which a killed run goes
 * on to the same result. The artifact: `trained.safetensors` (inference form), `history.json`, and
 * `subsets.json`, what each epoch did to the subsets.
 */
export const refine = defineStage({
  name: 'refine',
  version: 2,
  needs: ['sample'],
  reads: ({ seed, data, architecture, quantize, train: { threads, ...train } }): Slice => ({
    seed,
    data,
    architecture,
    quantize,
    train,
    engine: { name: 'wasm', threads: threads ?? availableParallelism() },
  }),
  environment: async ({ data }) => ({ data: await dataDigest(data) }),
  preflight({ data }) {
    findDataSet(data);
  },
  run: train,
});

async function train(context: StageContext<Slice>): Promise<Metrics> {
  const { spec, out, signal } = context;
  const started = performance.now();
  const shape = networkShape(spec);
  const images = await loadSplit(spec.data, 'train');
  const scaling = inputScaling(images);
  const activations = spec.quantize.binarize === 'weights' ? 'real' : 'binary';
  const { threads } = spec.engine;
  const { labelSmoothing } = spec.train;
  const setup = { shape, activations, scaling, images, threads, labelSmoothing } as const;
  const engine = startWasmEngine(setup);
  try {
    const trainer: Trainer = {
      shape,
      spec: { ...spec, augment: spec.data.augment },
      images: images.count,
      engine,
    };
    const { state, history, subsetEpochs, imagesPerSecond } = await trainEpochs(trainer, context);
    await calibrate(trainer, state, signal);
    const { classes } = dataSets[spec.data.set];
    const network = trainedNetwork(shape, state, scaling, classes);
    await writeFile(join(out, 'trained.safetensors'), encodeTrained(network));
    await writeFile(join(out, 'history.json'), `${JSON.stringify(history, null, 1)}\n`);
    await writeFile(join(out, subsetsName), encodeSubsetEpochs(subsetEpochs));
    return metricsOf(history, imagesPerSecond, (performance.now() - started) / 1000);
  } finally {
    await engine.close();
  }
}

function metricsOf(
  history: readonly EpochRecord[],
  imagesPerSecond: number | null,
  seconds: number,
): Metrics {
  const last = history.at(-1);
  return {
    ...(last && {
      'training loss': { value: last.loss, unit: 'nats', kind: 'measured' },
      'training accuracy': { value: 100 * last.accuracy, unit: '%', kind: 'measured' },
    }),
    ...(imagesPerSecond !== null && {
      'training speed': { value: imagesPerSecond, unit: 'images/s', kind: 'measured' },
    }),
    'training time': { value: seconds, unit: 's', kind: 'measured' },
  };
}

const checkpointName = 'checkpoint.safetensors';
const historyName = 'history.json';
const subsetsName = 'subsets.json';

/** Runs the epochs that are still to do, a checkpoint behind each. */
async function trainEpochs(trainer: Trainer, context: StageContext<Slice>) {
  const { spec, inputs, scratch, emit, signal } = context;
  const { epochs } = spec.train;
  const sampled = decodeSubsets(await readFile(join(inputs.sample.path, 'subsets.json'), 'utf8'));
  let { state, history, subsetEpochs } = await startOrResume(trainer, sampled, context);
  const watch = watchSubsets(layoutOf(trainer.shape), sampled, state);
  const watched = { ...trainer, refined: watch.refined };
  const started = performance.now();
  const resumedAt = state.epoch;
  let imagesPerSecond: number | null = null;

  while (state.epoch < epochs) {
    let last: TrainingProgress | null = null;
    const report = (progress: TrainingProgress) => {
      last = progress;
      const { epoch, image, images } = progress;
      const done = (epoch - resumedAt) * images + image;
      const left = (epochs - epoch) * images - image;
      const speed = done / ((performance.now() - started) / 1000);
      imagesPerSecond = speed;
      emit({
        type: 'training',
        ...progress,
        epoch: epoch + 1,
        epochs,
        imagesPerSecond: speed,
        secondsLeft: left / speed,
      });
    };
    state = await trainEpoch(watched, state, report, signal);
    history = [...history, recordOf(state.epoch, last)];
    subsetEpochs = [...subsetEpochs, watch.record(state)];
    await replaceFile(join(scratch, historyName), JSON.stringify(history));
    await replaceFile(join(scratch, subsetsName), JSON.stringify(subsetEpochs));
    await replaceFile(join(scratch, checkpointName), encodeCheckpoint(state));
  }
  return { state, history, subsetEpochs, imagesPerSecond };
}

function recordOf(epoch: number, last: TrainingProgress | null): EpochRecord {
  if (!last) {
    throw new Failure('input', 'the training set is smaller than one batch', [
      'lower train.batch or raise data.limit',
    ]);
  }
  return { epoch, loss: last.loss, accuracy: last.accuracy };
}

/** What a checkpoint and the files beside it hold. */
interface Progress {
  readonly state: TrainingState;
  readonly history: readonly EpochRecord[];
  readonly subsetEpochs: readonly SubsetEpoch[];
}

async function startOrResume(
  { shape }: Trainer,
  sampled: ReadonlyMap<string, Subset>,
  { spec, scratch, emit }: StageContext<Slice>,
): Promise<Progress> {
  const checkpoint = join(scratch, checkpointName);
  if (existsSync(checkpoint)) {
    const state = decodeCheckpoint(await readFile(checkpoint), shape);
    const written: EpochRecord[] = JSON.parse(await readFile(join(scratch, historyName), 'utf8'));
    const known: SubsetEpoch[] = JSON.parse(await readFile(join(scratch, subsetsName), 'utf8'));
    emit({ type: 'note', text: `resuming behind epoch ${state.epoch}` });
    return {
      state,
      history: written.slice(0, state.epoch),
      subsetEpochs: known.slice(0, state.epoch),
    };
  }
  const state = initialState(layoutOf(shape), sampled, shape, spec);
  return { state, history: [], subsetEpochs: [] };
}

/** Replaces a file as a whole, so that a kill leaves the old one or the new one. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
