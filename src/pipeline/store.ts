import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../util/failure.js';
import { errorCode, orIfMissing, sync } from '../util/files.js';
import { type Found, inspectArtifact, type Manifest, readManifest } from './artifact.js';
import { lockIfFree, sweepLocks } from './lock.js';
import { formatMark, isAlive, parseMark, thisProcess } from './process-mark.js';

/** The folder that holds artifacts, runs and what is under way; docs/pipeline.md has its layout. */
export interface Store {
  /** Absolute path. */
  readonly root: string;
}

/** The store in use: SNN_HOME, or `.snn` in the working folder. Nothing is created yet. */
export function openStore(root = process.env.SNN_HOME || '.snn'): Store {
  return { root: resolve(root) };
}

/**
 * Creates the store's folders where they are missing and clears away what killed processes left half
 * done. Throws a Failure of kind `input` if the store cannot be written.
 */
export async function prepareStore(store: Store): Promise<void> {
  try {
    await mkdir(join(store.root, 'tmp'), { recursive: true });
    await writeFile(join(store.root, '.gitignore'), '*\n');
  } catch (error) {
    throw new Failure(
      'input',
      `cannot write to the store ${store.root} (${errorCode(error) ?? error})`,
      ['set SNN_HOME to a folder that you may write to'],
      { cause: error },
    );
  }
  await sweepLocks(join(store.root, 'locks'));
  for (const name of await readdir(join(store.root, 'tmp'))) {
    const owner = parseMark(name.split('+')[0] ?? '');
    if (owner === null || !isAlive(owner)) await remove(join(store.root, 'tmp', name));
  }
  await sweepScratch(store);
}

/**
 * Removes scratch folders whose artifact is there: what a process leaves that is killed between
 * publication and cleaning up. One that a living process works with is let be.
 */
async function sweepScratch(store: Store): Promise<void> {
  for (const name of await orIfMissing(readdir(join(store.root, 'scratch')), [])) {
    const dash = name.lastIndexOf('-');
    const folder = artifactFolder(store, name.slice(0, dash), name.slice(dash + 1));
    if ((await readManifest(folder)) === null) continue;
    const release = await lockIfFree(join(store.root, 'locks', name));
    if (release === null) continue;
    try {
      await remove(join(store.root, 'scratch', name));
    } finally {
      await release();
    }
  }
}

/** Folder of the artifact with this fingerprint, whether or not it exists. */
export function artifactFolder(store: Store, stage: string, fingerprint: string): string {
  return join(store.root, 'artifacts', stage, fingerprint);
}

/** Looks an artifact up and checks every byte of it. */
export async function findArtifact(
  store: Store,
  stage: string,
  fingerprint: string,
): Promise<Found> {
  const folder = artifactFolder(store, stage, fingerprint);
  const found = await inspectArtifact(folder);
  if (found.state !== 'intact' || found.artifact.manifest.fingerprint === fingerprint) return found;
  return { state: 'damaged', file: 'artifact.json', problem: 'belongs to another fingerprint' };
}

/** Fingerprints of a stage's artifacts, whole or damaged. */
export async function artifactsOf(store: Store, stage: string): Promise<ReadonlySet<string>> {
  return new Set(await orIfMissing(readdir(join(store.root, 'artifacts', stage)), []));
}

/** Manifests of every artifact of a stage, oldest first; damaged ones are passed over. */
export async function listManifests(store: Store, stage: string): Promise<Manifest[]> {
  const folder = join(store.root, 'artifacts', stage);
  const names = await orIfMissing(readdir(folder), []);
  const manifests = await Promise.all(names.map((name) => readManifest(join(folder, name))));
  return manifests
    .filter((manifest) => manifest !== null)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** The file whose lock stands for the right to make this artifact; see lock. */
export function lockFile(store: Store, stage: string, fingerprint: string): string {
  return join(store.root, 'locks', `${stage}-${fingerprint}`);
}

/** Creates an empty folder of this process's own, named so that others can tell when it is dead. */
export async function newFolder(store: Store): Promise<string> {
  const name = `${formatMark(thisProcess)}+${randomBytes(6).toString('hex')}`;
  const folder = join(store.root, 'tmp', name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Creates the folder that outlives a killed run of the stage, or finds it again (or empties it). */
export async function scratchFolder(
  store: Store,
  stage: string,
  fingerprint: string,
  { empty = false } = {},
): Promise<string> {
  const folder = join(store.root, 'scratch', `${stage}-${fingerprint}`);
  if (empty) await remove(folder);
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * Renames a sealed folder to its place in the store; until then nobody sees it, from then on it is
 * whole. An artifact that lies there already is replaced: the caller holds the lock.
 */
export async function publishArtifact(
  store: Store,
  folder: string,
  { stage, fingerprint }: Pick<Manifest, 'stage' | 'fingerprint'>,
): Promise<string> {
  const target = artifactFolder(store, stage, fingerprint);
  await mkdir(dirname(target), { recursive: true });
  await discardArtifact(store, stage, fingerprint);
  await rename(folder, target);
  await sync(dirname(target));
  return target;
}

/** Takes an artifact out of the store, whole or damaged. */
export async function discardArtifact(
  store: Store,
  stage: string,
  fingerprint: string,
): Promise<void> {
  const grave = await newFolder(store);
  await orIfMissing(
    rename(artifactFolder(store, stage, fingerprint), join(grave, 'discarded')),
    null,
  );
  await remove(grave);
}

/** Removes a folder and all below it; one that is not there is fine. */
export async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
