import type { NetworkShape } from '../model/network.js';
import type { Spec } from '../spec/types.js';
import { channelScales, writeQuantizedWeights } from '../subbit/quantize.js';
import { membersOf, type Subset } from '../subbit/subset.js';
import { initialParameters } from './initial.js';
import { type Layout, outChannels, view } from './layout.js';
import { initialOptimizer, type OptimizerSettings, type OptimizerState } from './optimizer.js';
import { chooseMembers } from './quantizer/members.js';

/** A binary convolution's subset while it is learnt, with its own optimiser state. */
export interface LayerSubset {
  readonly subset: Subset;
  readonly optimizer: OptimizerState;
  /** Index of every kernel at the last quantisation, [Cout, Cin]. */
  readonly indices: Uint16Array;
}

/**
 * Everything that decides how a training run goes on: with the spec, its whole future follows from
 * it. Arrays are updated in place.
 */
export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  readonly parameters: Float32Array;
  readonly optimizer: OptimizerState;
  /** Running batch-norm statistics, flat. */
  readonly statistics: Float32Array;
  /** By block name; none at all while weights are real ({@link realState}). */
  readonly subsets: ReadonlyMap<string, LayerSubset>;
}

/**
 * The state before the first step.
 *
 * @param sampled subset of each block's binary convolution, by block name
 */
export function initialState(
  layout: Layout,
  sampled: ReadonlyMap<string, Subset>,
  shape: NetworkShape,
  { seed, train }: Pick<Spec, 'seed'> & { readonly train: OptimizerSettings },
): TrainingState {
  const subsets = new Map<string, LayerSubset>();
  for (const { name, conv } of shape.blocks) {
    const subset = sampled.get(name);
    if (!subset) throw new Error(`no subset was sampled for ${name}`);
    subsets.set(name, {
      subset,
      optimizer: initialOptimizer(train, subset.latent.length),
      indices: new Uint16Array(conv.input.channels * conv.output.channels),
    });
  }
  return { ...realState(layout, { seed, train }), subsets };
}

/**
 * The state before the first step of a network whose binary convolutions have real weights: it has
 * no subsets, and its latents are laid out as the engine's filters, [3, 3, Cin, Cout].
 */
export function realState(
  layout: Layout,
  spec: Pick<Spec, 'seed'> & { readonly train: OptimizerSettings },
): TrainingState {
  return {
    epoch: 0,
    parameters: initialParameters(layout, spec.seed),
    optimizer: initialOptimizer(spec.train, layout.size),
    statistics: new Float32Array(layout.statisticsSize),
    subsets: new Map(),
  };
}

/**
 * Quantises every latent and writes the parameters in the engine's form.
 *
 * @param engineParameters flat vector, overwritten
 * @returns how many kernels changed their index since the last quantisation
 */
export function quantizeInto(
  layout: Layout,
  { parameters, subsets }: Pick<TrainingState, 'parameters' | 'subsets'>,
  engineParameters: Float32Array,
): number {
  engineParameters.set(parameters);
  let changed = 0;
  for (const [block, { subset, indices }] of subsets) {
    const latents = view(layout, parameters, `${block}.latent`);
    changed += chooseMembers(latents, subset, indices);
    const alpha = channelScales(latents, outChannels(layout, block));
    const weights = view(layout, engineParameters, `${block}.latent`);
    writeQuantizedWeights(membersOf(subset), indices, alpha, weights);
  }
  return changed;
}
