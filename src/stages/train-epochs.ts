import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkShape } from '../model/network.js';
import { decodeCheckpoint, encodeCheckpoint } from '../nn/checkpoint.js';
import type { TrainingState } from '../nn/state.js';
import { type TrainingProgress, trainEpoch } from '../nn/train.js';
import { validate } from '../nn/validation.js';
import type { StageContext } from '../pipeline/stage.js';
import { Failure } from '../util/failure.js';
import type { TrainerAndData } from './trainer.js';
import { bestOf, type EpochRecord } from './training-metrics.js';

type Context = Pick<StageContext<unknown>, 'scratch' | 'emit' | 'signal'>;

const checkpointName = 'checkpoint.safetensors';
const bestName = 'best.safetensors';
const historyName = 'history.json';

/** How far a training run has come. */
export interface Progress {
  readonly state: TrainingState;
  readonly history: readonly EpochRecord[];
}

/** The checkpoint that an earlier, stopped run has left in `scratch`, or else a beginning. */
export async function startOrResume(
  shape: NetworkShape,
  begin: () => Promise<TrainingState>,
  { scratch, emit }: Context,
): Promise<Progress> {
  const checkpoint = join(scratch, checkpointName);
  if (!existsSync(checkpoint)) return { state: await begin(), history: [] };
  const state = decodeCheckpoint(await readFile(checkpoint), shape);
  const written: EpochRecord[] = JSON.parse(await readFile(join(scratch, historyName), 'utf8'));
  emit({ type: 'note', text: `resuming behind epoch ${state.epoch}` });
  return { state, history: written.slice(0, state.epoch) };
}

/** A training run whose epochs are done. */
export interface Trained {
  readonly last: TrainingState;
  /** The epoch that does best on the validation images; null without any. */
  readonly best: TrainingState | null;
  readonly history: readonly EpochRecord[];
  /** Null: no epoch was left to do. */
  readonly imagesPerSecond: number | null;
}

/**
 * Runs the epochs that are still to do, a checkpoint behind each and one of the best.
 *
 * @param behindEpoch told of every epoch's end ahead of its checkpoint
 */
export async function trainEpochs(
  { trainer, validation }: TrainerAndData,
  start: Progress,
  { scratch, emit, signal }: Context,
  behindEpoch: (state: TrainingState) => Promise<void> = async () => {},
): Promise<Trained> {
  const { epochs } = trainer.spec.train;
  let { state, history } = start;
  const validated = async (record: EpochRecord): Promise<EpochRecord> => {
    if (validation.length === 0) return record;
    const accuracy = await validate(trainer, state, validation, signal);
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
    state = await trainEpoch(trainer, state, report, signal);
    history = [...history, await validated(recordOf(state.epoch, last))];
    await behindEpoch(state);
    await replaceFile(join(scratch, historyName), JSON.stringify(history));
    const checkpoint = encodeCheckpoint(state);
    if (bestOf(history)?.epoch === state.epoch) {
      await replaceFile(join(scratch, bestName), checkpoint);
    }
    await replaceFile(join(scratch, checkpointName), checkpoint);
  }
  const best = bestOf(history)
    ? decodeCheckpoint(await readFile(join(scratch, bestName)), trainer.shape)
    : null;
  return { last: state, best, history, imagesPerSecond };
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

/** Replaces a file as a whole, so that a kill leaves the old one or the new one. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
