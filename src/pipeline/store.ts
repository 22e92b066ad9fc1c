import { resolve } from 'node:path';

/** The folder that holds artifacts, runs and what is under way. */
export interface Store {
  /** Absolute path. */
  readonly root: string;
}

/** The store in use: SNN_HOME, or `.snn` in the working folder. Nothing is created yet. */
export function openStore(root = process.env.SNN_HOME || '.snn'): Store {
  return { root: resolve(root) };
}

/** Folder of the artifact with this fingerprint, whether or not it exists. */
export function artifactFolder(store: Store, stage: string, fingerprint: string): string {
  return resolve(store.root, 'artifacts', stage, fingerprint);
}
