import { expect, it } from 'vitest';
import { acquireLock } from '../../src/pipeline/lock.js';
import { listRuns } from '../../src/pipeline/runs.js';
import type { Store } from '../../src/pipeline/store.js';
import { lockFile } from '../../src/pipeline/store.js';
import type { Experiment } from '../../src/spec/load-sweep.js';
import type { Launch } from '../../src/sweep/launch.js';
import { sweepFailure } from '../../src/sweep/outcome.js';
import { summarize } from '../../src/sweep/plan.js';
import { planSweep, runSweep, type SweepEvent, type SweepRequest } from '../../src/sweep/run.js';
import { sha256 } from '../../src/util/hash.js';
import { canonicalJson } from '../../src/util/json.js';
import { chain, newStore, run, withTrain } from '../pipeline/support.js';

/** Experiments of the fixture's stages: they differ in epochs, and so share the first stage. */
function experimentsOf(...epochs: number[]): Experiment[] {
  return epochs.map((epochs) => ({
    spec: { ...withTrain({ epochs }), name: `fixture-${epochs}` },
    values: { 'train.epochs': epochs },
  }));
}

async function sweep(
  store: Store,
  { stages }: ReturnType<typeof chain>,
  experiments: readonly Experiment[],
  options: Partial<SweepRequest> = {},
) {
  const events: SweepEvent[] = [];
  const inProcess: Launch = async ({ spec, tags }, listen, signal) => {
    const outcome = await run(store, stages, { spec, signal, ...(tags && { tags }) });
    for (const event of outcome.events) listen(event);
    const trouble =
      outcome.status === 'finished'
        ? null
        : { kind: 'tool' as const, message: String(outcome.error), next: [] };
    return { status: outcome.status, run: outcome.run.id, trouble };
  };
  const request = {
    name: 'fixture',
    file: 'fixture.yaml',
    experiments,
    stages,
    store,
    tool: 'test',
    parallel: 1,
    keepGoing: false,
    launch: inProcess,
    listen: (event: SweepEvent) => events.push(event),
    signal: new AbortController().signal,
  };
  const planned = await planSweep(request);
  const outcomes = await runSweep({ ...request, planned, ...options });
  return {
    summary: summarize(planned),
    statuses: outcomes.map(({ status }) => status),
    outcomes,
    events,
  };
}

it('makes what experiments share once, and takes up lists that grow or shrink', async () => {
  const store = newStore();
  const stages = chain();
  const first = await sweep(store, stages, experimentsOf(1, 2));
  expect(first.summary).toMatchObject({ experiments: 2, done: 0, stages: 5, cached: 0 });
  expect(first.summary.byStage.draw).toEqual({ asked: 2, distinct: 1, cached: 0 });
  expect(stages.runs).toEqual(['draw', 'learn', 'pack', 'learn', 'pack']);

  const grown = await sweep(store, stages, experimentsOf(1, 3, 2));
  expect(grown.summary).toMatchObject({ experiments: 3, done: 2, cached: 5 });
  expect(grown.statuses).toEqual(['cached', 'finished', 'cached']);
  const shrunk = await sweep(store, stages, experimentsOf(3));
  expect(shrunk.statuses).toEqual(['cached']);
  expect(stages.runs).toHaveLength(7);
  const runs = await listRuns(store);
  expect(runs.map(({ tags }) => tags)).toEqual([['fixture'], ['fixture'], ['fixture']]);
});

it('stops at a failure, or goes on if it is to', async () => {
  const failing = () =>
    chain({
      learn: {
        run: async ({ spec }) => {
          const { train } = spec as { train: { epochs: number } };
          if (train.epochs === 2) throw new Error('too few');
          return {};
        },
      },
    });
  const stopped = await sweep(newStore(), failing(), experimentsOf(1, 2, 3));
  expect(stopped.statuses).toEqual(['finished', 'failed', 'not-run']);
  const failure = sweepFailure(stopped.outcomes, 'snn sweep x.yaml');
  expect(failure?.message).toMatch(
    /^1 of 3 experiments failed, 1 were not run\nfixture-2: .*too few/,
  );
  const whole = await sweep(newStore(), failing(), experimentsOf(1, 2, 3), { keepGoing: true });
  expect(whole.statuses).toEqual(['finished', 'failed', 'finished']);
});

it('leaves to another process what it is at, and does the rest meanwhile', async () => {
  const store = newStore();
  const stages = chain();
  const [held, free] = experimentsOf(1, 2);
  if (!held || !free) throw new Error('there are two');
  const lock = lockFile(store, 'experiment', sha256(canonicalJson([held.spec, null])));
  const signal = new AbortController().signal;
  const release = await acquireLock(lock, { signal, onWait: () => {} });
  const both = await sweep(store, stages, [held, free], {
    listen: (event) => {
      if (event.type !== 'experiment-ended' || event.name !== free.spec.name) return;
      run(store, stages.stages, { spec: held.spec }).then(release);
    },
  });
  expect(both.statuses).toEqual(['cached', 'finished']);
  expect(stages.runs.filter((name) => name === 'pack')).toHaveLength(2);
});
