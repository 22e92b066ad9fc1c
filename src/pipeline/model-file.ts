import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { orIfMissing, readInput } from '../util/files.js';
import type { RunRecord } from './runs.js';
import { artifactFolder, type Store } from './store.js';

/**
 * Whether what a person names is a packed model's file rather than a run: a run's id or name holds no
 * slash and ends in no `.snn`, and no file goes by it.
 */
export async function isModelFile(what: string): Promise<boolean> {
  if (/[\\/]|\.snn$/.test(what)) return true;
  return orIfMissing(
    stat(what).then((found) => found.isFile()),
    false,
  );
}

/** The bytes of a packed model's file; throws a Failure of kind `input` that says why there are none. */
export async function readModelFile(file: string): Promise<Uint8Array> {
  return readInput(file, [
    'name a packed model: a run leaves its model.snn in the artifact of its pack stage',
  ]);
}

/** The file of the model that a run packed; null where it packed none. */
export function modelFileOf({ stages }: RunRecord, store: Store): string | null {
  const pack = stages.find(({ name }) => name === 'pack');
  return pack?.status === 'finished' && pack.fingerprint !== null
    ? join(artifactFolder(store, 'pack', pack.fingerprint), 'model.snn')
    : null;
}
