import { type RefinementTally, recordSubset, type SubsetEpoch } from '../subbit/record.js';
import type { Refinement } from '../subbit/refine.js';
import type { Subset } from '../subbit/subset.js';
import { type Layout, view } from './layout.js';
import { chooseMembers } from './quantizer/members.js';
import type { TrainingState } from './state.js';

/** Follows the subsets of a training run, without a hand in it. */
export interface SubsetWatch {
  /** To be told of every refinement step. */
  readonly refined: (block: string, refinement: Refinement) => void;
  /** What the epoch that led to `state` did; the next one is counted from here. */
  readonly record: (state: TrainingState) => SubsetEpoch;
}

/** One layer as the epoch found it, and what has been done to it since. */
interface Watched {
  readonly sampled: Subset;
  readonly before: Uint16Array;
  readonly tally: RefinementTally;
}

function untouched(sampled: Subset, before: Uint16Array): Watched {
  return { sampled, before, tally: { flipped: 0, replaced: 0 } };
}

/** Index of every kernel of a block by the latents as they stand, [Cout, Cin]. */
function indicesOf(layout: Layout, { parameters, subsets }: TrainingState, block: string) {
  const layer = subsets.get(block);
  if (!layer) throw new Error(`no subset of ${block}`);
  const indices = new Uint16Array(layer.indices.length);
  chooseMembers(view(layout, parameters, `${block}.latent`), layer.subset, indices);
  return { subset: layer.subset, indices };
}

/**
 * Starts to follow a run whose next epoch begins at `start`.
 *
 * @param sampled the subsets that the run began with, by block name
 */
export function watchSubsets(
  layout: Layout,
  sampled: ReadonlyMap<string, Subset>,
  start: TrainingState,
): SubsetWatch {
  const watched = new Map<string, Watched>();
  for (const [block, subset] of sampled) {
    watched.set(block, untouched(subset, indicesOf(layout, start, block).indices));
  }
  return {
    refined(block, { flipped, replaced }) {
      const layer = watched.get(block);
      if (!layer) throw new Error(`no subset was sampled for ${block}`);
      const tally = {
        flipped: layer.tally.flipped + flipped,
        replaced: layer.tally.replaced + replaced.length,
      };
      watched.set(block, { ...layer, tally });
    },
    record(state) {
      const layers = [...watched].map(([block, layer]) => {
        const { subset, indices } = indicesOf(layout, state, block);
        watched.set(block, untouched(layer.sampled, indices));
        return recordSubset(block, { ...layer, subset, indices });
      });
      return { epoch: state.epoch, layers };
    },
  };
}
