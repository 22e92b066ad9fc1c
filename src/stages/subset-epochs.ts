import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../pipeline/runs.js';
import { findArtifact, type Store } from '../pipeline/store.js';
import type { SubsetEpoch } from '../subbit/record.js';
import { Failure } from '../util/failure.js';
import { orIfMissing } from '../util/files.js';

/**
 * What each epoch of a run did to its subsets, from the artifact of its refine stage.
 *
 * @throws Failure of kind `input` when the run did not get so far, or its artifact is gone or damaged
 */
export async function subsetEpochsOf(
  store: Store,
  run: RunRecord,
): Promise<readonly SubsetEpoch[]> {
  const again = [`snn run ${run.specFile ?? 'its spec'}`];
  const stage = run.stages.find(({ name }) => name === 'refine');
  if (stage?.status !== 'finished' || stage.fingerprint === null) {
    const ended = stage?.status === 'failed' || stage?.status === 'interrupted';
    const how = ended ? stage.status : 'not run';
    throw new Failure('input', `run ${run.id} has no trained subsets: refine was ${how}`, again);
  }
  const found = await findArtifact(store, 'refine', stage.fingerprint);
  if (found.state !== 'intact') {
    const why = found.state === 'absent' ? 'deleted' : `damaged (${found.file}: ${found.problem})`;
    throw new Failure('input', `the refine artifact of run ${run.id} was ${why}`, again);
  }
  const file = readFile(join(found.artifact.path, 'subsets.json'), 'utf8');
  const text = await orIfMissing(file, null);
  if (text !== null) return JSON.parse(text);
  throw new Failure('input', `run ${run.id} was made before subsets were recorded`, again);
}
