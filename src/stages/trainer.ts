import { openSplit } from '../data/load.js';
import { inputScaling } from '../data/prepare.js';
import { chooseEngine, type EngineChoice, engineText, startEngine } from '../engine/registry.js';
import type { Activations, InputScaling } from '../model/trained.js';
import type { Trainer, TrainingSpec } from '../nn/train.js';
import { divide } from '../nn/validation.js';
import type { StageContext } from '../pipeline/stage.js';
import { networkShape } from '../spec/shape.js';
import type { BinaryQuantizeSpec, QuantizeSpec, Spec } from '../spec/types.js';
import { type DistillSlice, distillationOf } from './distillation.js';

/** The engine that a spec's training runs on. */
export function engineOf({ engine, train }: Pick<Spec, 'engine' | 'train'>): Promise<EngineChoice> {
  return chooseEngine(engine, train.threads);
}

/** A trainer ready to go. */
export interface TrainerAndData {
  readonly trainer: Trainer;
  readonly scaling: InputScaling;
  /** Images that are kept back for validation. */
  readonly validation: Uint32Array;
}

/** What a trainer is made from. */
export type TrainerSpec = Pick<Spec, 'data' | 'architecture'> &
  Omit<TrainingSpec, 'augment' | 'quantize'> & {
    readonly quantize: Pick<QuantizeSpec, 'binarize'> & Pick<BinaryQuantizeSpec, 'refine'>;
    readonly train: { readonly distill: DistillSlice };
    readonly engine: EngineChoice;
  };

/** What the 3x3 convolutions of a spec's network see. */
export function activationsOf({ binarize }: Pick<QuantizeSpec, 'binarize'>): Activations {
  return binarize === 'weights+activations' ? 'binary' : 'real';
}

/**
 * Opens the training images and the teacher, if there is one, starts the engine and names it, and ends
 * all of them behind `use`.
 */
export async function withTrainer<Result>(
  { spec, inputs, emit }: Pick<StageContext<TrainerSpec>, 'spec' | 'inputs' | 'emit'>,
  use: (given: TrainerAndData) => Promise<Result>,
): Promise<Result> {
  const shape = networkShape(spec);
  const activations = activationsOf(spec.quantize);
  const { labelSmoothing, validation: share } = spec.train;
  const source = await openSplit(spec.data, 'train');
  try {
    const scaling = await inputScaling(source, spec.seed);
    const distillation = await distillationOf(spec.train.distill, inputs, shape, source.classes);
    emit({ type: 'note', text: engineText(spec.engine) });
    const setup = { shape, activations, scaling, labelSmoothing };
    const engine = startEngine(spec.engine, distillation ? { ...setup, distillation } : setup);
    try {
      const { training, validation } = divide(source.count, share, spec.seed);
      const { seed, quantize, train, data } = spec;
      const { refine } = quantize;
      const ofTraining = { seed, quantize: { refine }, train, augment: data.augment };
      const trainer: Trainer = { shape, spec: ofTraining, source, images: training, engine };
      return await use({ trainer, scaling, validation });
    } finally {
      await engine.close();
    }
  } finally {
    await source.close();
  }
}
