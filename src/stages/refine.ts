import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, findDataSet } from '../data/load.js';
import type { EngineChoice } from '../engine/registry.js';
import type { NetworkShape } from '../model/network.js';
import { encodeTrained } from '../model/trained-file.js';
import { layoutOf } from '../nn/layout.js';
import { decodePretrained } from '../nn/pretrained.js';
import { initialState, realState, type TrainingState } from '../nn/state.js';
import { calibrate } from '../nn/train.js';
import { trainedNetwork } from '../nn/trained.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import type { Spec } from '../spec/types.js';
import type { Subset } from '../subbit/subset.js';
import { decodeSubsets } from '../subbit/subset-file.js';
import { borrowTeacher, type DistillSlice, distillSlice } from './distillation.js';
import { recordSubsets } from './record-subsets.js';
import { tellSkipped } from './skipped.js';
import { startOrResume, trainEpochs } from './train-epochs.js';
import { activationsOf, engineOf, type TrainerAndData, withTrainer } from './trainer.js';
import { bestOf, trainingMetrics } from './training-metrics.js';

type Slice = Pick<Spec, 'seed' | 'data' | 'architecture' | 'quantize'> & {
  readonly train: Omit<Spec['train'], 'threads' | 'pretrain' | 'distill'> & {
    readonly distill: DistillSlice;
  };
  readonly engine: EngineChoice;
};

/**
 * Trains the network and its subsets, from the pretrained network if there is one, and with a teacher
 * if the spec has one; a real-valued network has no subsets. Every epoch leaves a checkpoint, from
 * which a killed run goes on to the same result. The artifact: `trained.safetensors` (inference form),
 * `history.json`, and `subsets.json`, what each epoch did to the subsets. With validation images, the
 * last and the best epoch's networks are both there, the one that `train.keep` does not hand on as
 * `last.safetensors` or `best.safetensors`.
 */
export const refine = defineStage({
  name: 'refine',
  version: 4,
  needs: ['sample', 'pretrain'],
  borrows: borrowTeacher,
  reads: async (spec): Promise<Slice> => {
    const { seed, data, architecture, quantize, train } = spec;
    const { threads: _, pretrain: __, ...others } = train;
    const settings = { ...others, distill: distillSlice(spec) };
    const engine = await engineOf(spec);
    return { seed, data, architecture, quantize, train: settings, engine };
  },
  environment: async ({ data }) => ({ data: await dataDigest(data) }),
  preflight({ data }) {
    findDataSet(data);
  },
  run(context) {
    const { quantize } = context.spec;
    const refine = quantize.binarize === 'none' ? false : quantize.refine;
    const spec = { ...context.spec, quantize: { binarize: quantize.binarize, refine } };
    return withTrainer({ ...context, spec }, (given) => train(given, context));
  },
});

/** The subsets to begin with, by block name; null: the network is real-valued. */
async function sampledSubsets({ inputs }: StageContext<Slice>) {
  if (!inputs.sample) return null;
  return decodeSubsets(await readFile(join(inputs.sample.path, 'subsets.json'), 'utf8'));
}

async function beginning(
  shape: NetworkShape,
  sampled: ReadonlyMap<string, Subset> | null,
  { spec, inputs }: StageContext<Slice>,
): Promise<TrainingState> {
  const layout = layoutOf(shape);
  if (sampled === null) return realState(layout, spec);
  const state = initialState(layout, sampled, shape, spec);
  if (!inputs.pretrain) return state;
  const bytes = await readFile(join(inputs.pretrain.path, 'pretrained.safetensors'));
  return { ...state, parameters: decodePretrained(bytes, shape) };
}

async function train(given: TrainerAndData, context: StageContext<Slice>): Promise<Metrics> {
  const { spec, out, scratch, emit, signal } = context;
  const { trainer, scaling, validation } = given;
  const { shape } = trainer;
  const started = performance.now();
  const sampled = await sampledSubsets(context);
  const start = await startOrResume(shape, () => beginning(shape, sampled, context), context);
  const recorder = sampled && (await recordSubsets(layoutOf(shape), sampled, start.state, scratch));
  const { last, best, history, imagesPerSecond } = await trainEpochs(
    recorder ? { ...given, trainer: { ...trainer, refined: recorder.refined } } : given,
    start,
    context,
    recorder?.behindEpoch,
  );

  const activations = activationsOf(spec.quantize);
  const about = { input: scaling, classes: trainer.source.classes, activations };
  const write = async (name: string, state: TrainingState) => {
    await calibrate(trainer, state, signal);
    const network = trainedNetwork(shape, state, about);
    await writeFile(join(out, name), encodeTrained(network));
  };
  const handsOnBest = spec.train.keep === 'best' && best !== null;
  await write('trained.safetensors', handsOnBest ? best : last);
  if (handsOnBest) await write('last.safetensors', last);
  else if (best) await write('best.safetensors', best);
  await writeFile(join(out, 'history.json'), `${JSON.stringify(history, null, 1)}\n`);
  await recorder?.write(out);
  const metrics = trainingMetrics({
    kept: (handsOnBest ? bestOf(history) : null) ?? history.at(-1),
    epochs: spec.train.epochs,
    validationImages: validation.length,
    imagesPerSecond,
    seconds: (performance.now() - started) / 1000,
  });
  return { ...metrics, ...tellSkipped(trainer.source, emit) };
}
