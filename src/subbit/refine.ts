import { kernelElements } from './kernels.js';
import { identityOf, type Subset, writeInitialLatent } from './subset.js';

/** Bound of every subset latent. */
const latentLimit = 3;

/**
 * Gradient of the representatives: each receives the sum of the gradients of all kernels that chose
 * it, negated where a kernel chose its complement.
 *
 * @param weightGradient [3, 3, Cin, Cout], of the quantised weights
 * @param indices [Cout, Cin]
 * @returns [representatives, 9]
 */
export function subsetGradient(
  weightGradient: Float32Array,
  indices: Uint16Array,
  outChannels: number,
  subset: Pick<Subset, 'representatives'>,
): Float32Array {
  const count = subset.representatives.length;
  const gradient = new Float32Array(count * kernelElements);
  const plane = indices.length;
  const inChannels = plane / outChannels;
  for (let o = 0; o < outChannels; o++) {
    for (let c = 0; c < inChannels; c++) {
      const index = indices[o * inChannels + c];
      const isComplement = index >= count;
      const to = (isComplement ? index - count : index) * kernelElements;
      const sign = isComplement ? -1 : 1;
      for (let j = 0; j < kernelElements; j++) {
        gradient[to + j] += sign * weightGradient[j * plane + c * outChannels + o];
      }
    }
  }
  return gradient;
}

/**
 * Where the latents that chose each representative lie on average, those that chose its complement
 * negated, over their mean magnitude: a step of Lloyd's algorithm (Least squares quantization in PCM,
 * IEEE Trans. Inf. Theory 1982), since of all kernels the signs of that mean are the nearest to them.
 * A representative that none chose stays where it is.
 *
 * @param latents [kernels, 9]
 * @param indices [kernels]
 * @returns [representatives, 9], at most 9 in magnitude
 */
export function subsetCentroids(
  latents: Float32Array,
  indices: Uint16Array,
  { representatives, latent }: Pick<Subset, 'representatives' | 'latent'>,
): Float32Array {
  const count = representatives.length;
  const sums = new Float64Array(count * kernelElements);
  const magnitudes = new Float64Array(count);
  indices.forEach((index, kernel) => {
    const isComplement = index >= count;
    const to = isComplement ? index - count : index;
    const sign = isComplement ? -1 : 1;
    for (let j = 0; j < kernelElements; j++) {
      const value = latents[kernel * kernelElements + j];
      sums[to * kernelElements + j] += sign * value;
      magnitudes[to] += Math.abs(value) / kernelElements;
    }
  });
  return latent.map((stays, i) => {
    const magnitude = magnitudes[Math.floor(i / kernelElements)];
    return magnitude > 0 ? sums[i] / magnitude : stays;
  });
}

/** What one refinement step did to a subset. */
export interface Refinement {
  readonly subset: Subset;
  /** Elements whose sign flipped. */
  readonly flipped: number;
  /** Representatives that had come to coincide with an earlier one and were replaced. */
  readonly replaced: readonly number[];
}

/**
 * Turns freshly optimised latents into the next subset: clamps them to [-3, 3], flips an element
 * only where its latent has passed `threshold` on the other side (sign memory), and replaces
 * representatives that coincide with an earlier one, so that it keeps its 2^tau distinct members.
 *
 * @param subset its latents already moved by the optimiser; not modified
 * @param candidates kernels to replace by, in this order; those in the subset are passed over
 */
export function refineSubset(
  subset: Subset,
  threshold: number,
  candidates: Iterator<number>,
): Refinement {
  const latent = subset.latent.map((p) => Math.min(latentLimit, Math.max(-latentLimit, p)));
  const representatives = subset.representatives.slice();
  let flipped = 0;
  for (let i = 0; i < representatives.length; i++) {
    for (let j = 0; j < kernelElements; j++) {
      const bit = 1 << j;
      const p = latent[i * kernelElements + j];
      const positive = (representatives[i] & bit) !== 0;
      if (positive ? p < -threshold : p > threshold) {
        representatives[i] ^= bit;
        flipped++;
      }
    }
  }
  const replaced = replaceDuplicates(representatives, subset.structure, candidates);
  for (const i of replaced) writeInitialLatent(latent, i * kernelElements, representatives[i]);
  return { subset: { ...subset, latent, representatives }, flipped, replaced };
}

function replaceDuplicates(
  representatives: Uint16Array,
  structure: Subset['structure'],
  candidates: Iterator<number>,
): number[] {
  const taken = new Set<number>();
  const duplicates: number[] = [];
  representatives.forEach((code, i) => {
    const identity = identityOf(code, structure);
    if (taken.has(identity)) duplicates.push(i);
    taken.add(identity);
  });
  for (const i of duplicates) {
    let next = candidates.next();
    while (!next.done && taken.has(identityOf(next.value, structure))) next = candidates.next();
    if (next.done) throw new Error('no kernel is left to replace a duplicate by');
    taken.add(identityOf(next.value, structure));
    representatives[i] = next.value;
  }
  return duplicates;
}
