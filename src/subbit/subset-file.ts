import { Failure } from '../util/failure.js';
import { kernelCount, kernelElements } from './kernels.js';
import {
  identityOf,
  representativeCount,
  type Subset,
  type SubsetStructure,
  writeInitialLatent,
} from './subset.js';

/** One sampled subset as the file holds it. */
interface StoredSubset {
  readonly tau: number;
  readonly structure: SubsetStructure;
  readonly representatives: readonly number[];
}

/** Freshly sampled subsets, by block name, as JSON; latents follow from the kernels. */
export function encodeSubsets(subsets: ReadonlyMap<string, Subset>): string {
  const stored = [...subsets].map(([block, { tau, structure, representatives }]) => [
    block,
    { tau, structure, representatives: [...representatives] },
  ]);
  return `${JSON.stringify(Object.fromEntries(stored), null, 1)}\n`;
}

/**
 * Reads sampled subsets back.
 *
 * @throws Failure when a subset does not hold the distinct kernels that its tau promises
 */
export function decodeSubsets(text: string): Map<string, Subset> {
  const stored = JSON.parse(text) as Record<string, StoredSubset>;
  const subsets = Object.entries(stored).map(([block, { tau, structure, representatives }]) => {
    const identities = new Set(representatives.map((code) => identityOf(code, structure)));
    const areKernels = representatives.every((code) => code >= 0 && code < kernelCount);
    if (!areKernels || identities.size !== representativeCount(tau, structure)) {
      throw new Failure(
        'input',
        `the subset of ${block} does not hold ${2 ** tau} distinct kernels`,
      );
    }
    const latent = new Float32Array(representatives.length * kernelElements);
    representatives.forEach((code, i) => {
      writeInitialLatent(latent, i * kernelElements, code);
    });
    const subset: Subset = {
      tau,
      structure,
      representatives: Uint16Array.from(representatives),
      latent,
    };
    return [block, subset] as const;
  });
  return new Map(subsets);
}
