import { Failure } from '../util/failure.js';
import { isRecord } from '../util/json.js';
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
 * @throws Failure when the text is no subset file, or a subset does not hold the distinct kernels
 * that its tau promises
 */
export function decodeSubsets(text: string): Map<string, Subset> {
  const subsets = Object.entries(parse(text)).map(([block, stored]) => {
    if (!isSound(stored)) {
      throw new Failure('input', `the subset of ${block} does not hold 2^tau distinct kernels`);
    }
    const { tau, structure } = stored;
    const representatives = Uint16Array.from(stored.representatives);
    const latent = new Float32Array(representatives.length * kernelElements);
    representatives.forEach((code, i) => {
      writeInitialLatent(latent, i * kernelElements, code);
    });
    return [block, { tau, structure, representatives, latent }] as const;
  });
  return new Map(subsets);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const stored: unknown = JSON.parse(text);
    if (isRecord(stored)) return stored;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Failure('input', 'this file holds no sampled subsets');
}

function isSound(stored: unknown): stored is StoredSubset {
  if (!isRecord(stored)) return false;
  const { tau, structure, representatives: codes } = stored;
  if (typeof tau !== 'number' || tau < 1) return false;
  if (structure !== 'free' && structure !== 'antipodal') return false;
  const count = representativeCount(tau, structure);
  if (!Array.isArray(codes) || codes.length !== count) return false;
  const areKernels = codes.every((n) => Number.isInteger(n) && n >= 0 && n < kernelCount);
  return areKernels && new Set(codes.map((code) => identityOf(code, structure))).size === count;
}
