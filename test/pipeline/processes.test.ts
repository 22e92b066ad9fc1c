import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RunEvent, StageEvent } from '../../src/pipeline/events.js';
import { acquireLock } from '../../src/pipeline/lock.js';
import { formatMark, thisProcess } from '../../src/pipeline/process-mark.js';
import { lastRun, listRuns } from '../../src/pipeline/runs.js';
import {
  findArtifact,
  lockFile,
  openStore,
  prepareStore,
  type Store,
} from '../../src/pipeline/store.js';
import { orIfMissing } from '../../src/util/files.js';
import { newFolder } from './support.js';

const script = fileURLToPath(new URL('fixtures/count.js', import.meta.url));
const steps = Array.from({ length: 20 }, (_, i) => i + 1);

/** A folder with a store and a log of the steps that any process took. */
function workplace() {
  const folder = newFolder();
  const log = join(folder, 'log');
  return {
    store: openStore(join(folder, 'store')),
    log,
    steps: async () =>
      (await orIfMissing(readFile(log, 'utf8'), '')).split('\n').filter(Boolean).map(Number),
  };
}
type Workplace = ReturnType<typeof workplace>;

/** A process that runs the fixture's stage. */
function start({ store, log }: Workplace, ...options: string[]) {
  const child: ChildProcess = spawn(process.execPath, [script, store.root, log, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: RunEvent[] = [];
  const watchers = new Set<() => void>();
  const ended = once(child, 'close');
  if (child.stdout === null) throw new Error('no stdout');
  createInterface(child.stdout).on('line', (line) => {
    events.push(JSON.parse(line));
    for (const look of watchers) look();
  });
  return {
    child,
    events,
    /** Resolves with the exit code, null when killed. */
    code: async (): Promise<number | null> => (await ended)[0],
    /** Resolves at the first event of its stage that passes. */
    until: (wanted: (event: StageEvent) => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!events.some((event) => event.type === 'stage-event' && wanted(event.event))) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const step = (number: number) => (event: StageEvent) =>
  event.type === 'progress' && event.done >= number;
const waiting = (event: StageEvent) => event.type === 'note' && /^waiting/.test(event.text);
const ready = (event: StageEvent) => event.type === 'note' && event.text === 'ready to publish';

async function theStage(store: Store) {
  const run = await lastRun(store);
  const stage = run?.stages[0];
  if (run === null || stage === undefined) throw new Error('no run on record');
  return { ...stage, run };
}

/** Nothing is left behind but artifacts and records. */
async function expectTidy(store: Store) {
  for (const folder of ['tmp', 'locks', 'scratch']) {
    expect(await readdir(join(store.root, folder)), folder).toEqual([]);
  }
}

describe('a killed run', () => {
  it('is taken up where it was, with the digest of a run that nobody killed', async () => {
    const place = workplace();
    const first = start(place);
    await first.until(step(8));
    await first.kill();
    expect(await theStage(place.store)).toMatchObject({
      status: 'interrupted',
      run: { status: 'interrupted' },
    });

    expect(await start(place).code()).toBe(0);
    expect(await place.steps()).toEqual(steps);
    await expectTidy(place.store);

    const calm = workplace();
    expect(await start(calm).code()).toBe(0);
    expect((await theStage(place.store)).digest).toBe((await theStage(calm.store)).digest);
  });

  it('never leaves half an artifact, whenever it is killed', async () => {
    const place = workplace();
    for (let milliseconds = 0; milliseconds < 80; milliseconds += 5) {
      const victim = start(place, '--force', '--steps=1');
      await victim.until(ready);
      await delay(milliseconds);
      await victim.kill();
      const fingerprint = (await theStage(place.store)).fingerprint ?? '';
      const { state } = await findArtifact(place.store, 'count', fingerprint);
      expect(state, `killed ${milliseconds} ms into publication`).not.toBe('damaged');
    }
    await start(place).code();
    expect(await theStage(place.store)).toMatchObject({ status: 'finished' });
    await expectTidy(place.store);
  });
});

describe('two runs on one store', () => {
  it('run a stage once: the second waits and uses the result', async () => {
    const place = workplace();
    const first = start(place);
    await first.until(step(1));
    const second = start(place);
    expect([await first.code(), await second.code()]).toEqual([0, 0]);

    expect(await place.steps()).toEqual(steps);
    expect(second.events).toContainEqual({
      type: 'stage-event',
      stage: 'count',
      event: {
        type: 'note',
        text: `waiting for process ${first.child.pid} which is running this stage`,
      },
    });
    expect((await listRuns(place.store)).map((run) => run.stages[0]?.cached)).toEqual([
      false,
      true,
    ]);
    await expectTidy(place.store);
  });

  it('go on when the one that works is killed', async () => {
    const place = workplace();
    const first = start(place);
    await first.until(step(5));
    const others = [start(place), start(place), start(place)];
    await Promise.all(others.map((other) => other.until(waiting)));
    await first.kill();
    expect(await Promise.all(others.map((other) => other.code()))).toEqual([0, 0, 0]);
    expect(await place.steps()).toEqual(steps);
    await prepareStore(place.store);
    await expectTidy(place.store);
  });
});

describe('a lock', () => {
  const holders = {
    'a process that has ended': { ...thisProcess, pid: 2 ** 22 - 1 },
    'a process whose id another one has now': { ...thisProcess, started: '00000000.1' },
  };
  it.each(Object.entries(holders))('of %s is taken over', async (_, holder) => {
    const { store } = workplace();
    const file = lockFile(store, 'count', 'f');
    await mkdir(join(store.root, 'locks'), { recursive: true });
    await writeFile(file, `${formatMark(holder)} 00`);
    const release = await acquireLock(file, {
      signal: AbortSignal.timeout(5000),
      onWait: () => expect.unreachable(),
    });
    await release();
    expect(await readdir(join(store.root, 'locks'))).toEqual([]);
  });

  it('that a power cut left empty is taken over', async () => {
    const { store } = workplace();
    const file = lockFile(store, 'count', 'f');
    await mkdir(join(store.root, 'locks'), { recursive: true });
    await writeFile(file, '');
    await acquireLock(file, { signal: AbortSignal.timeout(5000), onWait: () => {} });
  });

  it('of a process on another host is waited for, until the signal aborts', async () => {
    const { store } = workplace();
    const file = lockFile(store, 'count', 'f');
    await mkdir(join(store.root, 'locks'), { recursive: true });
    await writeFile(file, `${formatMark({ ...thisProcess, host: 'elsewhere' })} 00`);
    const holders: string[] = [];
    const attempt = acquireLock(file, {
      signal: AbortSignal.timeout(600),
      onWait: ({ host }) => holders.push(host),
    });
    await expect(attempt).rejects.toThrow('timeout');
    expect(holders).toEqual(['elsewhere']);
  });

  it('has one holder at a time, dead ones in its past or not', async () => {
    const { store } = workplace();
    const file = lockFile(store, 'count', 'f');
    let holding = 0;
    let most = 0;
    const turn = async () => {
      const release = await acquireLock(file, {
        signal: AbortSignal.timeout(20_000),
        onWait: () => {},
      });
      most = Math.max(most, ++holding);
      await delay(5);
      holding--;
      await release();
    };
    await mkdir(join(store.root, 'locks'), { recursive: true });
    await writeFile(file, `${formatMark(holders['a process that has ended'])} 00`);
    await Promise.all(Array.from({ length: 12 }, turn));
    expect(most).toBe(1);
  });
});
