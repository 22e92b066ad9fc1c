import { readManifest } from './artifact.js';
import type { Knowledge } from './plan.js';
import { listRuns, type RunRecord } from './runs.js';
import { artifactFolder, findArtifact, listManifests, type Store } from './store.js';

/**
 * What the store knows, for a run of the spec named `spec`. Records of runs are read once, when first
 * needed. A stage is compared with its artifact in the newest run of the same spec; failing that, of
 * any spec.
 */
export function storeKnowledge(store: Store, spec: string): Knowledge {
  let reading: Promise<RunRecord[]> | undefined;
  const newestFirst = () => {
    reading ??= listRuns(store).then((runs) => runs.reverse());
    return reading;
  };
  return {
    find: (stage, fingerprint) => findArtifact(store, stage, fingerprint),
    previous: async (stage) => {
      for (const run of await newestFirst()) {
        const fingerprint = run.spec.name === spec ? artifactOf(run, stage) : null;
        if (fingerprint === null) continue;
        const manifest = await readManifest(artifactFolder(store, stage, fingerprint));
        if (manifest !== null) return manifest;
      }
      return (await listManifests(store, stage)).at(-1) ?? null;
    },
    made: async (stage, fingerprint) =>
      (await newestFirst()).some((run) => artifactOf(run, stage) === fingerprint),
  };
}

/** Fingerprint of the artifact that a run made or used, or null. */
function artifactOf(run: RunRecord, name: string): string | null {
  const stage = run.stages.find((candidate) => candidate.name === name);
  return stage?.status === 'finished' ? stage.fingerprint : null;
}
