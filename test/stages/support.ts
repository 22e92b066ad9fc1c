import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StageEvent } from '../../src/pipeline/events.js';
import type { Input, Stage } from '../../src/pipeline/stage.js';
import type { Spec } from '../../src/spec/types.js';
import { temporaryFolder } from '../support/folder.js';

/** Where a stage writes its artifact and its checkpoints. */
export interface Folders {
  readonly out: string;
  readonly scratch: string;
}

export function newFolders(): Folders {
  const folder = temporaryFolder();
  const folders = { out: join(folder, 'out'), scratch: join(folder, 'scratch') };
  for (const path of Object.values(folders)) mkdirSync(path);
  return folders;
}

/** Runs one stage of a spec by itself. */
export async function runStage(
  stage: Stage,
  spec: Spec,
  folders: Folders,
  inputs: Readonly<Record<string, Input>> = {},
  signal = new AbortController().signal,
  emit: (event: StageEvent) => void = () => {},
) {
  const slice = await stage.reads(spec);
  return { metrics: await stage.run({ spec: slice, inputs, ...folders, signal, emit }) };
}
