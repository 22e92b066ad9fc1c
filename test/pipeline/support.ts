import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { RunEvent } from '../../src/pipeline/events.js';
import { executeRun, type RunOutcome, type RunRequest } from '../../src/pipeline/executor.js';
import { defineStage, type Stage } from '../../src/pipeline/stage.js';
import type { Range } from '../../src/pipeline/steps.js';
import { openStore, type Store } from '../../src/pipeline/store.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import type { Spec } from '../../src/spec/types.js';
import { plainRefinement, plainTraining } from '../support/training.js';

/** A valid spec of no particular meaning; the fixture stages read a few of its fields. */
export const spec: BinarySpec = {
  name: 'fixture',
  seed: 1,
  data: {
    set: 'mnist',
    path: null,
    limit: { train: null, test: null },
    augment: { flip: false, shift: 0, crop: 1 },
  },
  architecture: {
    family: 'bireal',
    stages: [2, 2, 2],
    width: 16,
    stem: { kernel: 3, stride: 2, pool: false },
  },
  quantize: {
    tau: 5,
    binarize: 'weights+activations',
    subset: { structure: 'free', sampling: 'uniform' },
    refine: plainRefinement,
  },
  train: { ...plainTraining, epochs: 4 },
  engine: 'wasm',
  device: { target: 'cpu', tools: 'npm', seed: 1 },
  verify: { images: 10 },
};

/** The spec with other training settings. */
export function withTrain(train: Partial<Spec['train']>): Spec {
  return { ...spec, train: { ...spec.train, ...train } };
}

/** A folder of the test's own, gone after it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'snn-test-'));
  folders.push(folder);
  return folder;
}
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newStore(): Store {
  return openStore(join(newFolder(), 'store'));
}

/**
 * draw -> learn -> pack, each a text file. `learn` reads the epochs and the artifact of `draw`; its
 * result depends on the epochs only up to 10, so that 10 and 11 are told apart by the fingerprint but
 * not by the digest. `runs` lists the stages in the order in which they really ran.
 */
export function chain(changes: Readonly<Record<string, Partial<Stage>>> = {}) {
  const runs: string[] = [];
  const stage = (stage: Stage): Stage => ({
    ...stage,
    ...changes[stage.name],
    run: async (context) => {
      runs.push(stage.name);
      return (changes[stage.name]?.run ?? stage.run)(context);
    },
  });
  const stages = [
    stage(
      defineStage({
        name: 'draw',
        version: 1,
        needs: [],
        reads: ({ seed }) => ({ seed }),
        run: async ({ spec, out }) => {
          await writeFile(join(out, 'draw.txt'), `seed ${spec.seed}`);
          return { seed: { value: spec.seed, unit: '', kind: 'counted' } };
        },
      }),
    ),
    stage(
      defineStage({
        name: 'learn',
        version: 2,
        needs: ['draw'],
        reads: ({ train }) => ({ train: { epochs: train.epochs } }),
        run: async ({ spec, out, inputs }) => {
          const epochs = Math.min(spec.train.epochs, 10);
          await writeFile(join(out, 'learnt.txt'), `${inputs.draw?.digest} ${epochs}`);
          return { epochs: { value: epochs, unit: 'epochs', kind: 'counted' } };
        },
      }),
    ),
    stage(
      defineStage({
        name: 'pack',
        version: 1,
        needs: ['learn'],
        reads: () => ({}),
        run: async ({ out, inputs }) => {
          await writeFile(join(out, 'packed.txt'), `${inputs.learn?.digest}`);
          return {};
        },
      }),
    ),
  ];
  return { stages, runs };
}

/** Runs and returns the outcome with every event. */
export async function run(
  store: Store,
  stages: readonly Stage[],
  options: Range & Partial<Pick<RunRequest, 'spec' | 'specFile' | 'signal'>> = {},
): Promise<RunOutcome & { readonly events: readonly RunEvent[] }> {
  const events: RunEvent[] = [];
  const outcome = await executeRun({
    spec,
    specFile: null,
    tool: 'test',
    signal: new AbortController().signal,
    ...options,
    store,
    stages,
    listen: (event) => events.push(event),
  });
  return { ...outcome, events };
}

/** Name and what became of each stage: `draw cached`, `learn finished`, ... */
export function summary({ run }: RunOutcome): string[] {
  return run.stages.map(({ name, status, cached }) => `${name} ${cached ? 'cached' : status}`);
}
