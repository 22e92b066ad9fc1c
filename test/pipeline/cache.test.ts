import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cacheUse, collectGarbage, verifyCache } from '../../src/pipeline/cache.js';
import { announceUse } from '../../src/pipeline/in-use.js';
import { removeRun } from '../../src/pipeline/runs.js';
import { artifactFolder } from '../../src/pipeline/store.js';
import { chain, newStore, run, summary, withTrain } from './support.js';

const { signal } = new AbortController();

it('removes what no run refers to, checkpoints too, and nothing else', async () => {
  const store = newStore();
  const { stages, runs } = chain();
  const first = await run(store, stages);
  await run(store, stages, { spec: withTrain({ epochs: 5 }) });
  mkdirSync(join(store.root, 'scratch', 'learn-0000'), { recursive: true });
  writeFileSync(join(store.root, 'scratch', 'learn-0000', 'epoch'), 'four');
  const { stages: use, scratch } = await cacheUse(store);
  expect([use.draw?.count, use.learn?.count, scratch]).toEqual([1, 2, { count: 1, bytes: 4 }]);

  await removeRun(store, first.run);
  const looked = await collectGarbage(store, { dryRun: true, signal });
  const [, learn, pack] = first.run.stages;
  const unused = [learn, pack].map((stage) => [stage?.name, stage?.fingerprint]);
  expect(looked.artifacts.map(({ stage, fingerprint }) => [stage, fingerprint])).toEqual(unused);
  expect(looked.scratch).toEqual([{ name: 'learn-0000', bytes: 4 }]);
  expect(existsSync(artifactFolder(store, 'learn', learn?.fingerprint ?? ''))).toBe(true);

  expect(await collectGarbage(store, { dryRun: false, signal })).toEqual(looked);
  expect(existsSync(artifactFolder(store, 'learn', learn?.fingerprint ?? ''))).toBe(false);
  expect(existsSync(join(store.root, 'scratch', 'learn-0000'))).toBe(false);
  runs.splice(0);
  const again = await run(store, stages, { spec: withTrain({ epochs: 5 }) });
  expect(summary(again)).toEqual(['draw cached', 'learn cached', 'pack cached']);
  expect(await collectGarbage(store, { dryRun: false, signal })).toEqual({
    artifacts: [],
    scratch: [],
  });
});

it('removes nothing while a run is under way, and runs wait for a collection', async () => {
  const store = newStore();
  let tried: unknown = null;
  const { stages } = chain({
    learn: {
      run: async () => {
        tried = await collectGarbage(store, { dryRun: false, signal }).catch(
          (error: unknown) => error,
        );
        return {};
      },
    },
  });
  await run(store, stages);
  expect(String(tried)).toContain(`the store is in use by process ${process.pid}`);
  const withdraw = await announceUse(store, signal);
  await expect(collectGarbage(store, { dryRun: false, signal })).rejects.toThrow('is in use');
  await withdraw();
  await collectGarbage(store, { dryRun: false, signal });
});

it('finds what is damaged', async () => {
  const store = newStore();
  const { stages } = chain();
  const { run: record } = await run(store, stages);
  expect(await verifyCache(store)).toEqual({ checked: 3, damaged: [] });
  const fingerprint = record.stages[1]?.fingerprint ?? '';
  writeFileSync(join(artifactFolder(store, 'learn', fingerprint), 'learnt.txt'), 'other');
  const { damaged } = await verifyCache(store);
  expect(damaged).toMatchObject([{ stage: 'learn', fingerprint, file: 'learnt.txt' }]);
});
