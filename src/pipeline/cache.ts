import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, orIfMissing } from '../util/files.js';
import { inspectArtifact } from './artifact.js';
import { withoutUsers } from './in-use.js';
import { listRuns } from './runs.js';
import {
  artifactFolder,
  artifactsOf,
  discardArtifact,
  prepareStore,
  remove,
  type Store,
} from './store.js';

/** What a part of the store takes: one stage's artifacts, or all checkpoints. */
export interface CacheUse {
  readonly count: number;
  readonly bytes: number;
}

/** An artifact by its place in the store. */
export interface ArtifactName {
  readonly stage: string;
  readonly fingerprint: string;
}

async function bytesOf(folder: string): Promise<number> {
  const files = await orIfMissing(listFiles(folder), []);
  const sizes = files.map(
    async (file) => (await orIfMissing(lstat(join(folder, file)), null))?.size,
  );
  return (await Promise.all(sizes)).reduce<number>((sum, size = 0) => sum + size, 0);
}

async function artifacts(store: Store): Promise<readonly ArtifactName[]> {
  const stages = await orIfMissing(readdir(join(store.root, 'artifacts')), []);
  const named = stages.sort().map(async (stage) => {
    return [...(await artifactsOf(store, stage))].map((fingerprint) => ({ stage, fingerprint }));
  });
  return (await Promise.all(named)).flat();
}

function scratchOf(store: Store): Promise<readonly string[]> {
  return orIfMissing(readdir(join(store.root, 'scratch')), []);
}

/** Bytes of every stage's artifacts, and of the checkpoints of stages that have not finished. */
export async function cacheUse(
  store: Store,
): Promise<{ readonly stages: Readonly<Record<string, CacheUse>>; readonly scratch: CacheUse }> {
  const stages: Record<string, CacheUse> = {};
  for (const { stage, fingerprint } of await artifacts(store)) {
    const { count, bytes } = stages[stage] ?? { count: 0, bytes: 0 };
    const more = await bytesOf(artifactFolder(store, stage, fingerprint));
    stages[stage] = { count: count + 1, bytes: bytes + more };
  }
  const names = await scratchOf(store);
  const scratch = { count: names.length, bytes: await bytesOf(join(store.root, 'scratch')) };
  return { stages, scratch };
}

/** What a collection takes out of the store, or would take. */
export interface Collected {
  readonly artifacts: readonly (ArtifactName & { readonly bytes: number })[];
  /** Checkpoints of stages that no run on record began. */
  readonly scratch: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * Removes the artifacts and checkpoints that no run on record made or used. Throws a Failure of kind
 * `input` while a run is under way; `dryRun` only looks, and never throws for that.
 */
export async function collectGarbage(
  store: Store,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Collected> {
  if (dryRun) return findGarbage(store);
  await prepareStore(store);
  return withoutUsers(store, signal, async () => {
    const garbage = await findGarbage(store);
    for (const { stage, fingerprint } of garbage.artifacts) {
      await discardArtifact(store, stage, fingerprint);
    }
    for (const { name } of garbage.scratch) await remove(join(store.root, 'scratch', name));
    return garbage;
  });
}

async function findGarbage(store: Store): Promise<Collected> {
  const runs = await listRuns(store);
  const used = new Set(
    runs.flatMap(({ stages }) =>
      stages.flatMap(({ name, of, fingerprint }) => `${of?.stage ?? name}-${fingerprint}`),
    ),
  );
  const unused = (await artifacts(store)).filter(
    ({ stage, fingerprint }) => !used.has(`${stage}-${fingerprint}`),
  );
  const scratch = (await scratchOf(store)).filter((name) => !used.has(name));
  const artifactsFound: Collected['artifacts'][number][] = [];
  for (const { stage, fingerprint } of unused) {
    const bytes = await bytesOf(artifactFolder(store, stage, fingerprint));
    artifactsFound.push({ stage, fingerprint, bytes });
  }
  const scratchFound: Collected['scratch'][number][] = [];
  for (const name of scratch) {
    scratchFound.push({ name, bytes: await bytesOf(join(store.root, 'scratch', name)) });
  }
  return { artifacts: artifactsFound, scratch: scratchFound };
}

/** An artifact that is not as it was made. */
export interface Damage extends ArtifactName {
  readonly file: string;
  readonly problem: string;
}

/** Checks every byte of every artifact. */
export async function verifyCache(
  store: Store,
): Promise<{ readonly checked: number; readonly damaged: readonly Damage[] }> {
  const all = await artifacts(store);
  const damaged: Damage[] = [];
  for (const { stage, fingerprint } of all) {
    const found = await inspectArtifact(artifactFolder(store, stage, fingerprint));
    if (found.state === 'damaged') {
      const { file, problem } = found;
      damaged.push({ stage, fingerprint, file, problem });
    } else if (found.state === 'intact') {
      const { manifest } = found.artifact;
      if (manifest.stage === stage && manifest.fingerprint === fingerprint) continue;
      const problem = 'belongs to another fingerprint';
      damaged.push({ stage, fingerprint, file: 'artifact.json', problem });
    }
  }
  return { checked: all.length, damaged };
}
