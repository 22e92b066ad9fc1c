import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRuns, runningRuns, timeAgo } from '../../src/pipeline/find-runs.js';
import { formatMark, thisProcess } from '../../src/pipeline/process-mark.js';
import { checkTag, listRuns, type RunRecord, removeRun, tagRun } from '../../src/pipeline/runs.js';
import type { Store } from '../../src/pipeline/store.js';
import { runningStages, runsText, statusText } from '../../src/report/runs-text.js';
import { newStore, spec } from './support.js';

function record(store: Store, day: number, changes: Partial<RunRecord> = {}): RunRecord {
  const stamp = String(day).padStart(2, '0');
  const name = changes.spec?.name ?? 'fixture';
  const run: RunRecord = {
    format: 1,
    id: `${name}-202511${stamp}T120000Z-0000${stamp}`,
    status: 'finished',
    specFile: 'fixture.yaml',
    spec,
    stages: [],
    metrics: {},
    error: null,
    startedAt: `2025-11-${stamp}T12:00:00.500Z`,
    endedAt: `2025-11-${stamp}T12:01:00.000Z`,
    tool: 'test',
    process: '1~~elsewhere',
    ...changes,
  };
  mkdirSync(join(store.root, 'runs'), { recursive: true });
  writeFileSync(join(store.root, 'runs', `${run.id}.json`), JSON.stringify(run));
  return run;
}

describe('finding runs', () => {
  it('lists the newest first, by name, tag, status and age', async () => {
    const store = newStore();
    record(store, 1, { tags: ['old'] });
    record(store, 2, { status: 'failed' });
    record(store, 3, { spec: { ...spec, name: 'fixture-2' } });
    record(store, 4, { tags: ['best', 'old'] });
    const days = async (filter: Parameters<typeof findRuns>[1]) =>
      (await findRuns(store, filter)).runs.map(({ startedAt }) => Number(startedAt.slice(8, 10)));
    expect(await days({})).toEqual([4, 3, 2, 1]);
    expect(await days({ limit: 2 })).toEqual([4, 3]);
    expect(await days({ tag: 'old', limit: 1 })).toEqual([4]);
    expect(await days({ name: 'fixture' })).toEqual([4, 2, 1]);
    expect(await days({ name: 'f*2' })).toEqual([3]);
    expect(await days({ status: 'failed' })).toEqual([2]);
    expect(await days({ since: new Date('2025-11-03T12:00:00.500Z') })).toEqual([4, 3]);
    expect(await days({ since: new Date('2025-11-03T12:00:00.600Z') })).toEqual([4]);
    expect(await days({ before: new Date('2025-11-02T12:00:00Z') })).toEqual([1]);
    expect((await findRuns(store, { tag: 'none' })).recorded).toBe(4);
  });

  it('reads an age', () => {
    const now = new Date('2025-11-30T00:00:00Z');
    expect(timeAgo('2d', now).toISOString()).toBe('2025-11-28T00:00:00.000Z');
    expect(timeAgo('90m', now).toISOString()).toBe('2025-11-29T22:30:00.000Z');
    expect(() => timeAgo('yesterday', now)).toThrow('"yesterday" is no age');
  });

  it('tags and removes runs, but never one that runs', async () => {
    const store = newStore();
    const ended = record(store, 1);
    await tagRun(store, ended, { add: ['a', 'b'] });
    const [tagged] = await listRuns(store);
    expect(tagged?.tags).toEqual(['a', 'b']);
    const running = record(store, 2, { status: 'running', process: formatMark(thisProcess) });
    await expect(removeRun(store, running)).rejects.toThrow('is running');
    await expect(tagRun(store, running, { add: ['a'] })).rejects.toThrow('is running');
    await removeRun(store, ended);
    expect(readdirSync(join(store.root, 'runs'))).toEqual([`${running.id}.json`]);
    expect(() => checkTag('../x')).toThrow('is no tag');
  });

  it('passes over a record whose id is not its file, so that no path comes from a record', async () => {
    const store = newStore();
    const run = record(store, 1);
    const forged = { ...run, id: '../../precious' };
    writeFileSync(join(store.root, 'runs', `${run.id}.json`), JSON.stringify(forged));
    expect(await listRuns(store)).toEqual([]);
  });
});

it('shows names with quotes, line breaks and markup as text', () => {
  const name = 'a"\n<b>\u001b[31m';
  const run = { ...record(newStore(), 1), id: `${name}-x`, tags: [name] };
  const [, , line, ...others] = runsText([run], 1).split('\n');
  expect(line).toContain('a"\ufffd<b>\ufffd[31m-x');
  expect(others).toEqual([]);
});

it('says what runs, at which stage, and since when', async () => {
  const store = newStore();
  const learn = {
    name: 'learn',
    status: 'running' as const,
    cached: false,
    seconds: 0,
    startedAt: '2025-11-05T12:30:00.000Z',
    fingerprint: null,
    digest: null,
  };
  const live = { status: 'running' as const, endedAt: null, stages: [learn] };
  record(store, 5, { ...live, process: formatMark(thisProcess) });
  record(store, 6, { ...live, process: formatMark({ ...thisProcess, started: 'before' }) });
  const running = runningStages(await runningRuns(store));
  expect(running).toEqual([
    {
      run: 'fixture-20251105T120000Z-000005',
      pid: process.pid,
      stage: 'learn',
      since: learn.startedAt,
    },
  ]);
  const text = statusText(running, new Date('2025-11-05T12:31:30Z'));
  expect(text).toMatch(/learn +2025-11-05 12:30 +90 s$/);
});
