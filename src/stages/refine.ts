import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, findDataSet } from '../data/load.js';
import { dataSets } from '../data/sets.js';
import type { EngineChoice } from '../engine/registry.js';
import { encodeTrained } from '../model/trained-file.js';
import { layoutOf } from '../nn/layout.js';
import { decodePretrained } from '../nn/pretrained.js';
import { initialState, type TrainingState } from '../nn/state.js';
import { calibrate } from '../nn/train.js';
import { trainedNetwork } from '../nn/trained.js';
import { watchSubsets } from '../nn/watch.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import type { Spec } from '../spec/types.js';
import { encodeSubsetEpochs, type SubsetEpoch } from '../subbit/record.js';
import { decodeSubsets } from '../subbit/subset-file.js';
import { replaceFile, startOrResume, trainEpochs } from './train-epochs.js';
import { engineOf, type TrainerAndData, withTrainer } from './trainer.js';
import { bestOf, trainingMetrics } from './training-metrics.js';

type Slice = Pick<Spec, 'seed' | 'data' | 'architecture' | 'quantize'> & {
  readonly train: Omit<Spec['train'], 'threads' | 'pretrain'>;
  readonly engine: EngineChoice;
};

/**
 * Trains the network and its subsets, from the pretrained network if there is one. Every epoch
 * leaves a checkpoint, from which a killed run goes on to the same result. The artifact:
 * `trained.safetensors` (inference form), `history.json`, and `subsets.json`, what each epoch did to
 * the subsets. With validation images, the last and the best epoch's networks are both there, the
 * one that `train.keep` does not hand on as `last.safetensors` or `best.safetensors`.
 */
export const refine = defineStage({
  name: 'refine',
  version: 3,
  needs: ['sample', 'pretrain'],
  reads: async (spec): Promise<Slice> => {
    const { seed, data, architecture, quantize, train } = spec;
    const { threads: _, pretrain: __, ...settings } = train;
    const engine = await engineOf(spec);
    return { seed, data, architecture, quantize, train: settings, engine };
  },
  environment: async ({ data }) => ({ data: await dataDigest(data) }),
  preflight({ data }) {
    findDataSet(data);
  },
  run: (context) => withTrainer(context, (given) => train(given, context)),
});

const subsetsName = 'subsets.json';

async function train(given: TrainerAndData, context: StageContext<Slice>): Promise<Metrics> {
  const { spec, inputs, out, scratch, signal } = context;
  const { trainer, scaling, validation } = given;
  const { shape } = trainer;
  const started = performance.now();
  const sampled = decodeSubsets(await readFile(join(inputs.sample.path, subsetsName), 'utf8'));
  const begin = async () => {
    const state = initialState(layoutOf(shape), sampled, shape, spec);
    if (!inputs.pretrain) return state;
    const bytes = await readFile(join(inputs.pretrain.path, 'pretrained.safetensors'));
    return { ...state, parameters: decodePretrained(bytes, shape) };
  };
  const start = await startOrResume(shape, begin, context);
  const watch = watchSubsets(layoutOf(shape), sampled, start.state);
  const subsetsFile = join(scratch, subsetsName);
  const known: SubsetEpoch[] = existsSync(subsetsFile)
    ? JSON.parse(await readFile(subsetsFile, 'utf8'))
    : [];
  let subsetEpochs = known.slice(0, start.state.epoch);
  const watched = { ...given, trainer: { ...trainer, refined: watch.refined } };
  const { last, best, history, imagesPerSecond } = await trainEpochs(
    watched,
    start,
    context,
    async (state) => {
      subsetEpochs = [...subsetEpochs, watch.record(state)];
      await replaceFile(subsetsFile, JSON.stringify(subsetEpochs));
    },
  );

  const write = async (name: string, state: TrainingState) => {
    await calibrate(trainer, state, signal);
    const network = trainedNetwork(shape, state, scaling, dataSets[spec.data.set].classes);
    await writeFile(join(out, name), encodeTrained(network));
  };
  const handsOnBest = spec.train.keep === 'best' && best !== null;
  await write('trained.safetensors', handsOnBest ? best : last);
  if (handsOnBest) await write('last.safetensors', last);
  else if (best) await write('best.safetensors', best);
  await writeFile(join(out, 'history.json'), `${JSON.stringify(history, null, 1)}\n`);
  await writeFile(join(out, subsetsName), encodeSubsetEpochs(subsetEpochs));
  return trainingMetrics({
    kept: (handsOnBest ? bestOf(history) : null) ?? history.at(-1),
    epochs: spec.train.epochs,
    validationImages: validation.length,
    imagesPerSecond,
    seconds: (performance.now() - started) / 1000,
  });
}
