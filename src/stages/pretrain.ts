import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, findDataSet } from '../data/load.js';
import type { EngineChoice } from '../engine/registry.js';
import { layoutOf } from '../nn/layout.js';
import { encodePretrained } from '../nn/pretrained.js';
import { realState } from '../nn/state.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import { networkShape } from '../spec/shape.js';
import type { PretrainSpec, Spec } from '../spec/types.js';
import { borrowTeacher, type DistillSlice, distillSlice } from './distillation.js';
import { tellSkipped } from './skipped.js';
import { startOrResume, trainEpochs } from './train-epochs.js';
import { engineOf, withTrainer } from './trainer.js';
import { trainingMetrics } from './training-metrics.js';

/** Neither bits nor subsets are in it, so that all bit widths of an architecture share the artifact. */
type Slice = Pick<Spec, 'seed' | 'data' | 'architecture'> & {
  readonly quantize: Pick<Spec['quantize'], 'binarize'>;
  readonly train: Pick<
    Spec['train'],
    'batch' | 'optimizer' | 'momentum' | 'labelSmoothing' | 'validation'
  > & { readonly pretrain: PretrainSpec | null; readonly distill: DistillSlice };
  readonly engine: EngineChoice;
};

/**
 * The first of the method's two steps: trains the network with real weights, its activations binary
 * where the spec binarises them. The artifact: `pretrained.safetensors`, the parameters from which
 * `refine` starts, and `history.json`.
 */
export const pretrain = defineStage({
  name: 'pretrain',
  version: 1,
  needs: [],
  borrows: borrowTeacher,
  skip: ({ train }) => (train.pretrain === null ? 'train.pretrain is not set' : null),
  reads: async (spec): Promise<Slice> => {
    const { seed, data, architecture, quantize, train } = spec;
    const { batch, optimizer, momentum, labelSmoothing, validation, pretrain } = train;
    const shared = { batch, optimizer, momentum, labelSmoothing, validation };
    return {
      seed,
      data,
      architecture,
      quantize: { binarize: quantize.binarize },
      train: { ...shared, pretrain, distill: distillSlice(spec) },
      engine: await engineOf(spec),
    };
  },
  environment: async ({ data }) => ({ data: await dataDigest(data) }),
  preflight({ data }) {
    findDataSet(data);
  },
  run: train,
});

async function train(context: StageContext<Slice>): Promise<Metrics> {
  const { spec, out } = context;
  const started = performance.now();
  const shape = networkShape(spec);
  const { pretrain, ...shared } = spec.train;
  if (pretrain === null) throw new Error('there is nothing to pretrain');
  const settings = {
    ...spec,
    quantize: { binarize: spec.quantize.binarize, refine: false },
    train: { ...shared, ...pretrain, keep: 'last' },
  } as const;
  return withTrainer({ ...context, spec: settings }, async (given) => {
    const begin = async () => realState(layoutOf(shape), settings);
    const start = await startOrResume(shape, begin, context);
    const trainer = { ...given.trainer, field: 'train.pretrain' } as const;
    const of = { ...given, trainer };
    const { last, history, imagesPerSecond } = await trainEpochs(of, start, context);
    await writeFile(join(out, 'pretrained.safetensors'), encodePretrained(shape, last));
    await writeFile(join(out, 'history.json'), `${JSON.stringify(history, null, 1)}\n`);
    const metrics = trainingMetrics({
      kept: history.at(-1),
      epochs: pretrain.epochs,
      validationImages: given.validation.length,
      imagesPerSecond,
      seconds: (performance.now() - started) / 1000,
    });
    return { ...metrics, ...tellSkipped(given.trainer.source, context.emit) };
  });
}
