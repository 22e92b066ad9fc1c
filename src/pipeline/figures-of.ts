import type { Spec } from '../spec/types.js';
import { readManifest } from './artifact.js';
import type { Metrics } from './events.js';
import { planStages } from './executor.js';
import type { Stage } from './stage.js';
import { artifactFolder, type Store } from './store.js';

/** Figures that one stage found for a spec, in whatever run; null where its artifact is not there. */
export async function figuresOf(
  spec: Spec,
  stage: string,
  stages: readonly Stage[],
  store: Store,
): Promise<Metrics | null> {
  const planned = await planStages({ spec, stages, store, from: stage, until: stage });
  const found = planned.find(({ name }) => name === stage);
  if (found?.status !== 'cached') return null;
  const manifest = await readManifest(artifactFolder(store, stage, found.fingerprint));
  return manifest?.metrics ?? null;
}
