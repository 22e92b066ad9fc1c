import type { RefineSpec, Spec } from '../../src/spec/types.js';

/** `quantize.refine` by the rules of the published code. */
export const plainRefinement: RefineSpec = {
  period: 25,
  threshold: 1e-3,
  replace: 'random',
  by: 'gradient',
};

/** The schema's defaults of `train`, for tests to change what they are about. */
export const plainTraining: Spec['train'] = {
  epochs: 10,
  batch: 128,
  optimizer: 'adam',
  momentum: 0.9,
  learningRate: 0.01,
  schedule: 'linear',
  warmup: 0,
  weightDecay: 0,
  labelSmoothing: 0,
  validation: 0,
  keep: 'last',
  pretrain: null,
  distill: null,
  threads: null,
};
