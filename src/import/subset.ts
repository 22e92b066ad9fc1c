import type { TrainedBinaryConv } from '../model/trained.js';
import { chooseMembers } from '../nn/quantizer/members.js';
import { kernelCount, kernelElements, signCode } from '../subbit/kernels.js';
import { channelScales } from '../subbit/quantize.js';
import { demandOf } from '../subbit/replacement.js';
import { frequentSubset } from '../subbit/subset.js';

/** Magnitude below which the authors' sign memory, which no checkpoint holds, decides a sign. */
const memoryThreshold = 1e-3;

const allKernels = Uint16Array.from({ length: kernelCount }, (_, code) => code);

/** A subset as its latents tell it. */
export interface FoundSubset {
  readonly tau: number;
  /** Codes of its 2^tau members; those behind the `distinct` first are not of the subset. */
  readonly members: Uint16Array;
  readonly distinct: number;
  /** Elements so near to zero that the sign they had in training may have been another. */
  readonly doubtful: number;
}

/**
 * The members that a subset's latents stand for: their signs, zero counting as positive. Where several
 * coincide the first one stays; kernels that are no members, which no latent kernel may choose, fill
 * the subset up to 2^tau.
 *
 * @param latent [2^tau, 9]
 */
export function foundSubset(latent: Float32Array): FoundSubset {
  const count = latent.length / kernelElements;
  const codes = Array.from({ length: count }, (_, i) => signCode(latent, i * kernelElements));
  const distinct = new Set(codes);
  const unused = allKernels.filter((code) => !distinct.has(code));
  return {
    tau: Math.log2(count),
    members: Uint16Array.from([...distinct, ...unused].slice(0, count)),
    distinct: distinct.size,
    doubtful: latent.filter((p) => Math.abs(p) < memoryThreshold).length,
  };
}

/** Takes for each latent kernel the nearest of the given kernels, scaled as the authors' code does. */
function nearestOf(
  latents: Float32Array,
  outputs: number,
  candidates: Uint16Array,
): Pick<TrainedBinaryConv, 'indices' | 'alpha'> {
  const indices = new Uint16Array(latents.length / kernelElements);
  chooseMembers(latents, { structure: 'free', representatives: candidates }, indices);
  return { indices, alpha: channelScales(latents, outputs) };
}

/** Latents [Cout, Cin, 3, 3] quantised to a subset that a checkpoint holds. */
export function withinSubset(
  latents: Float32Array,
  outputs: number,
  { tau, members, distinct }: FoundSubset,
): TrainedBinaryConv {
  const candidates = members.subarray(0, distinct);
  return {
    kind: 'binary',
    tau,
    structure: 'free',
    members,
    ...nearestOf(latents, outputs, candidates),
  };
}

/** Latents [Cout, Cin, 3, 3] quantised to the 2^tau kernels that most of them are nearest to. */
export function mostFrequent(
  latents: Float32Array,
  outputs: number,
  tau: number,
): TrainedBinaryConv {
  const members = frequentSubset(tau, 'free', demandOf(latents)).representatives;
  return {
    kind: 'binary',
    tau,
    structure: 'free',
    members,
    ...nearestOf(latents, outputs, members),
  };
}

/** Latents [Cout, Cin, 3, 3] as their signs: a binary network of 1 bit. */
export function asSigns(latents: Float32Array, outputs: number): TrainedBinaryConv {
  return {
    kind: 'binary',
    tau: kernelElements,
    structure: 'free',
    members: allKernels,
    ...nearestOf(latents, outputs, allKernels),
  };
}
