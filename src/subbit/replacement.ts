import type { RandomStream } from '../util/random.js';
import { complement, kernelCount, kernelElements, signCode } from './kernels.js';
import type { SubsetStructure } from './subset.js';

/** Kernels drawn uniformly, without end: a member may come again. */
export function* drawnKernels(random: RandomStream): Generator<number, never> {
  for (;;) yield random.below(kernelCount);
}

/**
 * How often `latents` would use each of the 512 kernels if they were free to: the nearest kernel of
 * all is their signs.
 *
 * @param latents [kernels, 9]
 */
export function demandOf(latents: Float32Array): Uint32Array {
  const demand = new Uint32Array(kernelCount);
  for (let from = 0; from < latents.length; from += kernelElements) {
    demand[signCode(latents, from)]++;
  }
  return demand;
}

/**
 * Every kernel once, in the order in which `latents` want them: see {@link byDemand}.
 *
 * @param latents [kernels, 9]; looked at only when the first kernel is asked for
 */
export function* wantedKernels(
  latents: Float32Array,
  structure: SubsetStructure,
): Generator<number> {
  yield* byDemand(demandOf(latents), structure);
}

/**
 * Every kernel once, those first that are used most often; the lower code wins a tie. For antipodal
 * subsets one kernel of every pair, by the use of both.
 *
 * @param single how often each of the 512 kernels is used, by code
 */
export function byDemand(single: Uint32Array, structure: SubsetStructure): number[] {
  const antipodal = structure === 'antipodal';
  const demand = antipodal ? single.map((uses, code) => uses + single[complement(code)]) : single;
  const codes = Array.from(demand.subarray(0, antipodal ? kernelCount / 2 : kernelCount).keys());
  return codes.sort((a, b) => demand[b] - demand[a] || a - b);
}
