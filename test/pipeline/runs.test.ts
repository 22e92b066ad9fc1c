import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOwnRun, lastRun, listRuns, newRunId, readRun } from '../../src/pipeline/runs.js';
import { Failure } from '../../src/util/failure.js';
import { chain, newStore, run, spec } from './support.js';

describe('records of runs', () => {
  it('tell how each run went, oldest first', async () => {
    const store = newStore();
    const first = await run(store, chain().stages);
    const failing = chain({ pack: { run: () => Promise.reject(new Failure('tool', 'no luck')) } });
    const other = { ...spec, name: 'other', seed: 2 };
    const second = await run(store, failing.stages, { spec: other });
    expect(await listRuns(store)).toEqual([first.run, second.run]);
    expect(second.run).toMatchObject({ spec: { seed: 2 }, status: 'failed', error: 'no luck' });

    expect(await lastRun(store)).toEqual(second.run);
    expect(await lastRun(store, ({ status }) => status === 'finished')).toEqual(first.run);
    expect(await lastRun(store, () => false)).toBeNull();
  });

  it('are found by id, by the beginning of one, and by name', async () => {
    const store = newStore();
    const { run: first } = await run(store, chain().stages);
    const { run: second } = await run(store, chain().stages);
    expect(await readRun(store, first.id)).toEqual(first);
    expect(await readRun(store, second.id.slice(0, -1))).toEqual(second);
    expect(await readRun(store, 'fixture')).toEqual(second);
    await expect(readRun(store, 'nothing')).rejects.toMatchObject({
      kind: 'input',
      next: [`name one of the newest runs: ${second.id}, ${first.id}`],
    });
    await expect(readRun(store, 'fixture-')).rejects.toThrow('more than one run begins with');
  });

  it('are by name the newest finished one, if any finished', async () => {
    const store = newStore();
    const { run: finished } = await run(store, chain().stages);
    const fails = () => Promise.reject(new Failure('tool', 'no luck'));
    await run(store, chain({ pack: { run: fails } }).stages, { force: true });
    expect(await readRun(store, 'fixture')).toEqual(finished);
  });

  it('are told from baselines, which no spec file asked for', async () => {
    const store = newStore();
    const own = await run(store, chain().stages, { specFile: 'a.yaml' });
    const baseline = await run(store, chain().stages, { specFile: null });
    expect([own.run, baseline.run].map(isOwnRun)).toEqual([true, false]);
  });

  it('are none in an empty store', async () => {
    const store = newStore();
    expect(await listRuns(store)).toEqual([]);
    await expect(readRun(store, 'x')).rejects.toThrow('no run x');
  });

  it('leave out what is no record', async () => {
    const store = newStore();
    const { run: record } = await run(store, chain().stages);
    const folder = join(store.root, 'runs');
    await writeFile(join(folder, 'a.json'), '{');
    await writeFile(join(folder, 'b.json'), '{"id": "b"}');
    await writeFile(join(folder, 'c.txt'), 'c');
    expect(await listRuns(store)).toEqual([record]);
    await appendFile(join(folder, `${record.id}.json`), 'spoilt');
    expect(await listRuns(store)).toEqual([]);
  });

  it('have ids that sort by time', () => {
    const id = newRunId('quickstart', new Date('2025-01-31T23:59:58.123Z'));
    expect(id).toMatch(/^quickstart-20250131T235958Z-[0-9a-f]{6}$/);
  });
});
