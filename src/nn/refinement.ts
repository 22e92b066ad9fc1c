import type { BinaryQuantizeSpec, Spec } from '../spec/types.js';
import { kernelElements } from '../subbit/kernels.js';
import {
  type Refinement,
  refineSubset,
  subsetCentroids,
  subsetGradient,
} from '../subbit/refine.js';
import { drawnKernels, wantedKernels } from '../subbit/replacement.js';
import { isWholeSpace } from '../subbit/subset.js';
import { stream } from '../util/random.js';
import { type Layout, outChannels, view } from './layout.js';
import { type OptimizerSettings, optimizerStep } from './optimizer.js';
import type { LayerSubset, TrainingState } from './state.js';

/** What decides how subsets are learnt. */
export interface RefinementSettings {
  readonly seed: Spec['seed'];
  readonly quantize: Pick<BinaryQuantizeSpec, 'refine'>;
  readonly train: OptimizerSettings;
}

/** The training step that a subset takes part in. */
export interface StepGradients {
  /** Flat vector; at a latent: the gradient of its quantised weight, [3, 3, Cin, Cout]. */
  readonly gradients: Float32Array;
  /** Steps since the start of the run, this one not counted. */
  readonly globalStep: number;
  /** Learning rate of the step. */
  readonly rate: number;
}

/**
 * The subsets behind a training step: on every `period`-th they take a step of their own (method:
 * refine).
 *
 * @param tell told what a refinement step did to each layer
 */
export function refineSubsets(
  { seed, quantize, train }: RefinementSettings,
  { parameters, subsets }: Pick<TrainingState, 'parameters' | 'subsets'>,
  layout: Layout,
  { gradients, globalStep, rate }: StepGradients,
  tell?: (block: string, refinement: Refinement) => void,
): TrainingState['subsets'] {
  const spec = quantize.refine;
  if (spec === false || (globalStep + 1) % spec.period !== 0) return subsets;
  const refined = new Map<string, LayerSubset>();
  for (const [block, layer] of subsets) {
    if (isWholeSpace(layer.subset)) {
      refined.set(block, layer);
      continue;
    }
    const latents = view(layout, parameters, `${block}.latent`);
    const weightGradient = view(layout, gradients, `${block}.latent`);
    const moved =
      spec.by === 'latents'
        ? movedToLatents(layer, latents)
        : movedByGradient(layer, weightGradient, outChannels(layout, block), train, rate);
    const candidates =
      spec.replace === 'most-wanted'
        ? wantedKernels(latents, layer.subset.structure)
        : drawnKernels(stream(seed, 'refine', block, globalStep));
    const refinement = refineSubset(moved.subset, spec.threshold, candidates);
    tell?.(block, refinement);
    for (const i of refinement.replaced) {
      for (const moment of moved.optimizer.moments) {
        moment.fill(0, i * kernelElements, (i + 1) * kernelElements);
      }
    }
    refined.set(block, { ...moved, subset: refinement.subset });
  }
  return refined;
}

/** The subset's latents where they are drawn to: to the kernels that chose each of them. */
function movedToLatents(layer: LayerSubset, latents: Float32Array): LayerSubset {
  const latent = subsetCentroids(latents, layer.indices, layer.subset);
  return { ...layer, subset: { ...layer.subset, latent } };
}

/** The subset's latents behind a step of the optimiser, in place. */
function movedByGradient(
  layer: LayerSubset,
  weightGradient: Float32Array,
  channels: number,
  train: OptimizerSettings,
  rate: number,
): LayerSubset {
  const { subset, indices } = layer;
  const gradient = subsetGradient(weightGradient, indices, channels, subset);
  const optimizer = optimizerStep(train, subset.latent, gradient, layer.optimizer, rate);
  return { ...layer, optimizer };
}
