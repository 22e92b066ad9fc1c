import type { RandomStream } from '../util/random.js';
import { permutation } from '../util/random.js';
import { complement, kernelCount, kernelElement, kernelElements } from './kernels.js';
import { byDemand } from './replacement.js';

/** `antipodal`: closed under complement, 2^(tau-1) kernels and their complements. */
export type SubsetStructure = 'free' | 'antipodal';

/**
 * The subset of one layer while it is learnt. An antipodal subset learns one kernel of each pair;
 * a free one learns every member: these learnt kernels are its representatives.
 */
export interface Subset {
  /** Bits of an index, 1..9; the subset has 2^tau members. */
  readonly tau: number;
  readonly structure: SubsetStructure;
  /** Codes of the representatives: also the sign memory of refinement. */
  readonly representatives: Uint16Array;
  /** Real latent p of the representatives, [representatives, 9]. */
  readonly latent: Float32Array;
}

/**
 * Magnitude that a representative's latent starts with. Behind the sign-memory threshold, so that a
 * sampled kernel stands until gradients speak against it, yet a few refinement steps away from it.
 */
const initialLatent = 0.01;

/** Representatives of a subset of 2^tau members. */
export function representativeCount(tau: number, structure: SubsetStructure): number {
  return structure === 'antipodal' ? 2 ** (tau - 1) : 2 ** tau;
}

/** Whether there is anything to learn: with 2^9 members the subset is the whole space. */
export function isWholeSpace(subset: Pick<Subset, 'tau'>): boolean {
  return subset.tau === kernelElements;
}

/** The pair {code, complement} as one number: the smaller code of the two. */
function pairOf(code: number): number {
  return Math.min(code, complement(code));
}

/** What must differ between any two representatives. */
export function identityOf(code: number, structure: SubsetStructure): number {
  return structure === 'antipodal' ? pairOf(code) : code;
}

/** Writes latents of magnitude {@link initialLatent} with the signs of `code` at `offset`. */
export function writeInitialLatent(latent: Float32Array, offset: number, code: number): void {
  for (let j = 0; j < kernelElements; j++) {
    latent[offset + j] = kernelElement(code, j) * initialLatent;
  }
}

/**
 * Draws a subset uniformly: 2^tau distinct kernels of the 512 (free) or 2^(tau-1) distinct pairs of
 * the 256 (antipodal), in ascending order of their codes.
 *
 * @param tau 1..9
 */
export function sampleSubset(
  tau: number,
  structure: SubsetStructure,
  random: RandomStream,
): Subset {
  const population = structure === 'antipodal' ? kernelCount / 2 : kernelCount;
  const count = representativeCount(tau, structure);
  return startingFrom(tau, structure, permutation(population, random).subarray(0, count));
}

/**
 * The subset of the kernels that are used most often, free, or of the pairs (antipodal), in ascending
 * order of their codes. Of equally used ones, and where fewer are used at all than the subset holds,
 * those of the lowest codes.
 *
 * @param tau 1..9
 * @param demand how often each of the 512 kernels is used, by code
 */
export function frequentSubset(
  tau: number,
  structure: SubsetStructure,
  demand: Uint32Array,
): Subset {
  const count = representativeCount(tau, structure);
  return startingFrom(tau, structure, byDemand(demand, structure).slice(0, count));
}

/** A subset that is not learnt yet. */
function startingFrom(tau: number, structure: SubsetStructure, codes: Iterable<number>): Subset {
  const representatives = Uint16Array.from(codes).sort();
  const latent = new Float32Array(representatives.length * kernelElements);
  representatives.forEach((code, i) => {
    writeInitialLatent(latent, i * kernelElements, code);
  });
  return { tau, structure, representatives, latent };
}

/**
 * Codes of all 2^tau members, by index. In an antipodal subset member i + 2^(tau-1) is the
 * complement of member i, so the top bit of an index is a sign.
 */
export function membersOf(subset: Pick<Subset, 'structure' | 'representatives'>): Uint16Array {
  const { structure, representatives } = subset;
  if (structure === 'free') return representatives.slice();
  return Uint16Array.from([...representatives, ...representatives.map(complement)]);
}
