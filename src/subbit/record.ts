import { membersOf, type Subset, type SubsetStructure } from './subset.js';

/** What refinement steps did to a subset: representatives are counted, not their complements. */
export interface RefinementTally {
  /** Elements whose sign flipped. */
  readonly flipped: number;
  /** Representatives that had come to coincide with another one and were replaced. */
  readonly replaced: number;
}

/** One layer's subset behind an epoch, and what the epoch did to it. All figures are counted. */
export interface SubsetRecord extends RefinementTally {
  readonly layer: string;
  readonly tau: number;
  readonly structure: SubsetStructure;
  /** Kernels that chose each member, by index. */
  readonly use: readonly number[];
  /** Entropy of the indices in bits, 0..tau. */
  readonly entropy: number;
  /** Kernels whose index differs from the one behind the epoch before. */
  readonly changed: number;
  /** Members that are not among the sampled ones. */
  readonly drifted: number;
  /** Mean Hamming distance of a member from the one sampled in its place, 0..9. */
  readonly distance: number;
}

/** All layers behind one epoch: a row of a trained network's `subsets.json`. */
export interface SubsetEpoch {
  readonly epoch: number;
  readonly layers: readonly SubsetRecord[];
}

/** How many of `indices` name each of `members` members. */
export function useOf(indices: Uint16Array, members: number): number[] {
  const use = new Array<number>(members).fill(0);
  for (const index of indices) use[index]++;
  return use;
}

/** Shannon entropy of a histogram, in bits; 0 for an empty one. */
export function entropyOf(use: readonly number[]): number {
  const total = use.reduce((sum, n) => sum + n, 0);
  return use.reduce((sum, n) => (n > 0 ? sum + (n / total) * Math.log2(total / n) : sum), 0);
}

/** Elements in which two kernels differ. */
export function hammingDistance(a: number, b: number): number {
  let distance = 0;
  for (let rest = a ^ b; rest !== 0; rest &= rest - 1) distance++;
  return distance;
}

/**
 * Describes a layer behind an epoch.
 *
 * @param sampled the subset that training started from, of the same tau and structure
 * @param before index of every kernel behind the epoch before, [Cout, Cin]
 * @param indices the same, behind this one
 */
export function recordSubset(
  layer: string,
  {
    sampled,
    subset,
    before,
    indices,
    tally,
  }: {
    readonly sampled: Subset;
    readonly subset: Subset;
    readonly before: Uint16Array;
    readonly indices: Uint16Array;
    readonly tally: RefinementTally;
  },
): SubsetRecord {
  const { tau, structure } = subset;
  const members = membersOf(subset);
  const first = membersOf(sampled);
  const known = new Set(first);
  const use = useOf(indices, members.length);
  const distances = members.reduce((sum, code, i) => sum + hammingDistance(code, first[i]), 0);
  return {
    layer,
    tau,
    structure,
    use,
    entropy: entropyOf(use),
    changed: indices.reduce((sum, index, i) => (index === before[i] ? sum : sum + 1), 0),
    flipped: tally.flipped,
    replaced: tally.replaced,
    drifted: members.reduce((sum, code) => (known.has(code) ? sum : sum + 1), 0),
    distance: distances / members.length,
  };
}

/** Records as JSON, one epoch a line. */
export function encodeSubsetEpochs(epochs: readonly SubsetEpoch[]): string {
  return `[\n${epochs.map((epoch) => JSON.stringify(epoch)).join(',\n')}\n]\n`;
}
