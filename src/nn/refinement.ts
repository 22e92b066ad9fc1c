import type { BinaryQuantizeSpec, RefineSpec, Spec } from '../spec/types.js';
import { kernelElements } from '../subbit/kernels.js';
import { type Refinement, refineSubset, subsetGradient } from '../subbit/refine.js';
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
  readonly train: OptimizerSettings & Pick<Spec['train'], 'learningRate'>;
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
 * refine), by that step's gradient or by the mean over the period's steps.
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
  if (spec === false) return subsets;
  const isDue = (globalStep + 1) % spec.period === 0;
  if (!isDue && spec.gradient === 'step') return subsets;
  const ownRate = (rate * (spec.learningRate ?? train.learningRate)) / train.learningRate;

  const next = new Map<string, LayerSubset>();
  for (const [block, layer] of subsets) {
    if (isWholeSpace(layer.subset)) {
      next.set(block, layer);
      continue;
    }
    const gradient = gradientSince(spec, layer, layout, gradients, block);
    if (!isDue) {
      next.set(block, { ...layer, gradient });
      continue;
    }
    const optimizer = optimizerStep(
      train,
      layer.subset.latent,
      gradient.map((sum) => sum / (spec.gradient === 'period' ? spec.period : 1)),
      layer.optimizer,
      ownRate,
    );
    const candidates =
      spec.replace === 'most-wanted'
        ? wantedKernels(view(layout, parameters, `${block}.latent`), layer.subset.structure)
        : drawnKernels(stream(seed, 'refine', block, globalStep));
    const refinement = refineSubset(layer.subset, spec.threshold, candidates);
    tell?.(block, refinement);
    for (const i of refinement.replaced) {
      for (const moment of optimizer.moments) {
        moment.fill(0, i * kernelElements, (i + 1) * kernelElements);
      }
    }
    next.set(block, {
      ...layer,
      subset: refinement.subset,
      optimizer,
      gradient: gradient.fill(0),
    });
  }
  return next;
}

/** The representatives' gradient in this step, or summed up since the last refinement step. */
function gradientSince(
  { gradient: kind }: Pick<RefineSpec, 'gradient'>,
  { subset, indices, gradient: before }: LayerSubset,
  layout: Layout,
  gradients: Float32Array,
  block: string,
): Float32Array {
  const weightGradient = view(layout, gradients, `${block}.latent`);
  const gradient = subsetGradient(weightGradient, indices, outChannels(layout, block), subset);
  return kind === 'step' ? gradient : gradient.map((value, i) => value + before[i]);
}
