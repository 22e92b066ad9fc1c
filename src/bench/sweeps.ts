import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executeRun } from '../pipeline/executor.js';
import { listRuns, newRunId } from '../pipeline/runs.js';
import { openStore, type Store } from '../pipeline/store.js';
import { noRuns } from '../spec/teacher.js';
import { stages } from '../stages/index.js';
import { loadSweep } from '../sweep/open.js';
import { inFreshFolder, timedRun } from './cli.js';
import type { Suite } from './figure.js';

/** A thousand experiments on the least network there is, as far as the sampled subsets. */
const sweep = `name: thousand
data: { set: mnist, limit: 64 }
architecture: { family: bireal, stages: [1], width: 16 }
quantize: { tau: 5 }
train: { epochs: 1, batch: 32, threads: 1 }
verify: { images: 2 }
engine: wasm
device: { target: cpu }
sweep: { axes: { quantize.tau: [4, 5] }, seeds: 500 }
`;

/** Runs on record of a store with 100 000 artifacts, six stages each. */
const recorded = 16_667;

async function runAll(file: string, store: Store): Promise<void> {
  const { name, experiments } = await loadSweep(file, [], noRuns, true);
  const signal = new AbortController().signal;
  for (const { spec } of experiments) {
    const request = { spec, specFile: file, tags: [name], until: 'sample', tool: 'bench' };
    await executeRun({ ...request, stages, store, listen: () => {}, signal });
  }
}

/** Copies one run's record under as many names and times as a large store holds. */
async function fillRecords(from: Store, folder: string): Promise<void> {
  const [run] = await listRuns(from);
  if (run === undefined) throw new Error('there is no run to copy');
  const runs = join(folder, '.snn', 'runs');
  await mkdir(runs, { recursive: true });
  for (let i = 0; i < recorded; i++) {
    const time = new Date(Date.UTC(2025, 0, 1) + i * 600_000);
    const id = newRunId(run.spec.name, time);
    const record = { ...run, id, startedAt: time.toISOString() };
    await writeFile(join(runs, `${id}.json`), JSON.stringify(record, null, 2));
  }
}

/** Planning a large sweep, coming back to one that is finished, and listing the runs of a full store. */
export const sweeps: Suite = (note) =>
  inFreshFolder(async (folder) => {
    const file = join(folder, 'sweep.yaml');
    await writeFile(file, sweep);
    note('a plan of 1000 experiments, nothing cached');
    const planned = await timedRun(folder, ['sweep', file, '--plan']);
    const store = openStore(join(folder, '.snn'));
    note('1000 runs, as far as sample');
    await runAll(file, store);
    note('the sweep again, all cached');
    const cached = await timedRun(folder, ['sweep', file, '--until', 'sample']);
    const full = join(folder, 'full');
    await fillRecords(store, full);
    note(`${recorded} runs on record`);
    const listed = await timedRun(full, ['runs']);
    const shared = { unit: 's', better: 'lower', kind: 'measured', baseline: null } as const;
    return [
      { id: 'pipeline.sweep-planned-1000', value: planned.seconds, goal: 2, ...shared },
      { id: 'pipeline.sweep-cached-1000', value: cached.seconds, goal: 10, ...shared },
      { id: 'pipeline.runs-listed', value: listed.seconds, goal: 1, ...shared },
    ];
  });
