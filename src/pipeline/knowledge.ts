import { readManifest } from './artifact.js';
import type { Knowledge } from './plan.js';
import { listRuns, type RunRecord } from './runs.js';
import { artifactFolder, findArtifact, listManifests, type Store } from './store.js';

/**
 * What the store knows. Records of runs are read once, when first needed. A stage is compared with its
 * artifact in the newest run of the same spec, or for which that spec was borrowed from; failing that,
 * of any spec.
 */
export function storeKnowledge(store: Store): Knowledge {
  let reading: Promise<Made[]> | undefined;
  const newestFirst = () => {
    reading ??= listRuns(store).then((runs) => runs.reverse().flatMap(madeBy));
    return reading;
  };
  return {
    find: (stage, fingerprint) => findArtifact(store, stage, fingerprint),
    previous: async (stage, spec) => {
      for (const made of await newestFirst()) {
        if (made.spec !== spec || made.stage !== stage) continue;
        const manifest = await readManifest(artifactFolder(store, stage, made.fingerprint));
        if (manifest !== null) return manifest;
      }
      return (await listManifests(store, stage)).at(-1) ?? null;
    },
    made: async (stage, fingerprint) =>
      (await newestFirst()).some(
        (made) => made.stage === stage && made.fingerprint === fingerprint,
      ),
  };
}

/** An artifact that a run made or used. */
interface Made {
  /** Name of the spec whose stage it is. */
  readonly spec: string;
  readonly stage: string;
  readonly fingerprint: string;
}

function madeBy({ spec, stages }: RunRecord): Made[] {
  return stages.flatMap(({ name, of, status, fingerprint }) =>
    status === 'finished' && fingerprint !== null
      ? [{ ...(of ?? { spec: spec.name, stage: name }), fingerprint }]
      : [],
  );
}
