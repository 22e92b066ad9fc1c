import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../nn/layout.js';
import type { TrainingState } from '../nn/state.js';
import { type SubsetWatch, watchSubsets } from '../nn/watch.js';
import { encodeSubsetEpochs, type SubsetEpoch } from '../subbit/record.js';
import type { Subset } from '../subbit/subset.js';
import { replaceFile } from './train-epochs.js';

const fileName = 'subsets.json';

/** Keeps what every epoch does to the subsets; a killed run's records go on with its checkpoint. */
export interface SubsetRecorder extends Pick<SubsetWatch, 'refined'> {
  /** To be told of every epoch's end. */
  readonly behindEpoch: (state: TrainingState) => Promise<void>;
  /** Writes `subsets.json`, one epoch a line, into a folder. */
  readonly write: (folder: string) => Promise<void>;
}

/**
 * Starts to record a run whose next epoch begins at `start`.
 *
 * @param sampled the subsets that the run began with, by block name
 * @param scratch folder that outlives a killed run
 */
export async function recordSubsets(
  layout: Layout,
  sampled: ReadonlyMap<string, Subset>,
  start: TrainingState,
  scratch: string,
): Promise<SubsetRecorder> {
  const { refined, record } = watchSubsets(layout, sampled, start);
  const file = join(scratch, fileName);
  const known: SubsetEpoch[] = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
  let epochs = known.slice(0, start.epoch);
  return {
    refined,
    async behindEpoch(state) {
      epochs = [...epochs, record(state)];
      await replaceFile(file, JSON.stringify(epochs));
    },
    write: (folder) => writeFile(join(folder, fileName), encodeSubsetEpochs(epochs)),
  };
}
