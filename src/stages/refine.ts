import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { dataDigest, findDataSet, type ImageSet, loadSplit } from '../data/load.js';
import { inputScaling } from '../data/prepare.js';
import { dataSets } from '../data/sets.js';
import { startWasmEngine } from '../engine/wasm.js';
import { encodeTrained } from '../model/trained-file.js';
import { decodeCheckpoint, encodeCheckpoint } from '../nn/checkpoint.js';
import { layoutOf } from '../nn/layout.js';
import { initialState, type TrainingState } from '../nn/state.js';
import { calibrate, type Trainer, type TrainingProgress, trainEpoch } from '../nn/train.js';
import { trainedNetwork } from '../nn/trained.js';
import { divide, validate } from '../nn/validation.js';
import { watchSubsets } from '../nn/watch.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import { networkShape } from '../spec/shape.js';
import type { Spec } from '../spec/types.js';
import { encodeSubsetEpochs, type SubsetEpoch } from '../subbit/record.js';
import type { Subset } from '../subbit/subset.js';
import { decodeSubsets } from '../subbit/subset-file.js';
import { Failure } from '../util/failure.js';
import { bestOf, type EpochRecord, trainingMetrics } from './training-metrics.js';

type Slice = Pick<Spec, 'seed' | 'data' | 'architecture' | 'quantize'> & {
  readonly train: Omit<Spec['train'], 'threads'>;
  /** The number of threads decides how gradients are summed, and with it every bit of the result. */
  readonly engine: { readonly name: 'wasm'; readonly threads: number };
};

/**
 * Trains the network and its subsets. Every epoch leaves a checkpoint, from which a killed run goes
 * on to the same result. The artifact: `trained.safetensors` (inference form), `history.json`, and
 * `subsets.json`, what each epoch did to the subsets. With validation images, the last and the best
 * epoch's networks are both there, the one that `train.keep` does not hand on as
 * `last.safetensors` or `best.safetensors`.
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
    const { validation, keep } = spec.train;
    const division = divide(images.count, validation, spec.seed);
    const trainer: Trainer = {
      shape,
      spec: { ...spec, augment: spec.data.augment },
      images: division.training,
      engine,
    };
    const data = { images, validation: division.validation };
    const trained = await trainEpochs(trainer, data, context);
    const { last, best, history, subsetEpochs, imagesPerSecond } = trained;
    const { classes } = dataSets[spec.data.set];
    const write = async (name: string, state: TrainingState) => {
      await calibrate(trainer, state, signal);
      const network = trainedNetwork(shape, state, scaling, classes);
      await writeFile(join(out, name), encodeTrained(network));
    };
    const handsOnBest = keep === 'best' && best !== null;
    await write('trained.safetensors', handsOnBest ? best : last);
    if (handsOnBest) await write('last.safetensors', last);
    else if (best) await write('best.safetensors', best);
    await writeFile(join(out, 'history.json'), `${JSON.stringify(history, null, 1)}\n`);
    await writeFile(join(out, subsetsName), encodeSubsetEpochs(subsetEpochs));
    return trainingMetrics({
      kept: (handsOnBest ? bestOf(history) : null) ?? history.at(-1),
      epochs: spec.train.epochs,
      validationImages: division.validation.length,
      imagesPerSecond,
      seconds: (performance.now() - started) / 1000,
    });
  } finally {
    await engine.close();
  }
}

const checkpointName = 'checkpoint.safetensors';
const bestName = 'best.safetensors';
const historyName = 'history.json';
const subsetsName = 'subsets.json';

/** The images at hand, and those of them that are kept back for validation. */
interface Data {
  readonly images: ImageSet;
  readonly validation: Uint32Array;
}

/** Runs the epochs that are still to do, a checkpoint behind each and one of the best. */
async function trainEpochs(
  trainer: Trainer,
  { images, validation }: Data,
  context: StageContext<Slice>,
) {
  const { spec, inputs, scratch, emit, signal } = context;
  const { epochs } = spec.train;
  const sampled = decodeSubsets(await readFile(join(inputs.sample.path, 'subsets.json'), 'utf8'));
  let { state, history, subsetEpochs } = await startOrResume(trainer, sampled, context);
  const watch = watchSubsets(layoutOf(trainer.shape), sampled, state);
  const watched = { ...trainer, refined: watch.refined };
  const validated = async (record: EpochRecord, state: TrainingState): Promise<EpochRecord> => {
    if (validation.length === 0) return record;
    const accuracy = await validate(trainer, state, validation, images.labels, signal);
    return { ...record, validation: accuracy };
  };
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
        ...validationOf(history),
        epoch: epoch + 1,
        epochs,
        imagesPerSecond: speed,
        secondsLeft: left / speed,
      });
    };
    state = await trainEpoch(watched, state, report, signal);
    const record = recordOf(state.epoch, last);
    history = [...history, await validated(record, state)];
    subsetEpochs = [...subsetEpochs, watch.record(state)];
    await replaceFile(join(scratch, historyName), JSON.stringify(history));
    await replaceFile(join(scratch, subsetsName), JSON.stringify(subsetEpochs));
    const checkpoint = encodeCheckpoint(state);
    if (bestOf(history)?.epoch === state.epoch) {
      await replaceFile(join(scratch, bestName), checkpoint);
    }
    await replaceFile(join(scratch, checkpointName), checkpoint);
  }
  const best = bestOf(history)
    ? decodeCheckpoint(await readFile(join(scratch, bestName)), trainer.shape)
    : null;
  return { last: state, best, history, subsetEpochs, imagesPerSecond };
}

/** What the last epoch's validation found, as an event tells it. */
function validationOf(history: readonly EpochRecord[]): { readonly validation?: number } {
  const validation = history.at(-1)?.validation;
  return validation === undefined ? {} : { validation };
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
