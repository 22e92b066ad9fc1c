import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, sealArtifact } from './artifact.js';
import type { StageEvent } from './events.js';
import { fingerprint, type Recipe } from './fingerprint.js';
import { acquireLock } from './lock.js';
import { thisProcess } from './process-mark.js';
import type { Inputs, Stage } from './stage.js';
import {
  findArtifact,
  lockFile,
  newFolder,
  publishArtifact,
  remove,
  type Store,
  scratchFolder,
} from './store.js';

/** An artifact that is wanted. */
export interface Order {
  readonly stage: Stage;
  readonly recipe: Recipe;
  readonly inputs: Inputs;
  /** Build it even if it is there, and from nothing: not from what a killed run left. */
  readonly force: boolean;
  readonly store: Store;
  readonly emit: (event: StageEvent) => void;
  readonly signal: AbortSignal;
}

/** Seconds since the call, by the monotonic clock. */
export function startClock(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}

/**
 * Builds the artifact unless another process does so first: one process at a time works at a
 * fingerprint, whoever comes second waits and uses the result. A damaged artifact is reported and
 * replaced. Rejects with whatever the stage rejects with; the store is then as it was, besides scratch.
 */
export async function makeArtifact(order: Order): Promise<{ artifact: Artifact; cached: boolean }> {
  const { recipe, force, store, emit, signal } = order;
  const wanted = fingerprint(recipe);
  const release = await acquireLock(lockFile(store, recipe.stage, wanted), {
    signal,
    onWait: ({ pid, host }) => {
      const place = host === thisProcess.host ? '' : ` on ${host}`;
      emit({
        type: 'note',
        text: `waiting for process ${pid}${place} which is running this stage`,
      });
    },
  });
  try {
    const found = await findArtifact(store, recipe.stage, wanted);
    if (found.state === 'intact' && !force) return { artifact: found.artifact, cached: true };
    if (found.state === 'damaged') {
      const text = `artifact damaged: ${found.file} ${found.problem}; building it again`;
      emit({ type: 'warning', text });
    }
    return { artifact: await build(order, wanted), cached: false };
  } finally {
    await release();
  }
}

async function build(
  { stage, recipe, inputs, force, store, emit, signal }: Order,
  wanted: string,
): Promise<Artifact> {
  const seconds = startClock();
  const scratch = await scratchFolder(store, stage.name, wanted, { empty: force });
  const folder = await newFolder(store);
  try {
    const out = join(folder, 'out');
    await mkdir(out);
    const metrics = await stage.run({ spec: recipe.slice, inputs, out, scratch, emit, signal });
    const manifest = await sealArtifact(out, recipe, { metrics, seconds: seconds() });
    const path = await publishArtifact(store, out, manifest);
    await remove(scratch);
    return { path, manifest };
  } finally {
    await remove(folder);
  }
}
