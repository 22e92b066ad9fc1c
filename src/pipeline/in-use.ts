import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../util/failure.js';
import { orIfMissing } from '../util/files.js';
import { acquireLock, type Release } from './lock.js';
import { formatMark, isAlive, type ProcessMark, parseMark, thisProcess } from './process-mark.js';
import type { Store } from './store.js';

/** Begins the name of a file that says that a process works with the store; sweeping locks clears it. */
const prefix = 'run+';

function collectionLock(store: Store): string {
  return join(store.root, 'locks', 'collection');
}

/**
 * Says that this process works with the store's artifacts, so that none is collected under it; waits
 * for a collection that is under way. Call what it resolves with when the work is done.
 */
export async function announceUse(store: Store, signal: AbortSignal): Promise<Release> {
  const folder = join(store.root, 'locks');
  await mkdir(folder, { recursive: true });
  const nonce = randomBytes(6).toString('hex');
  const file = join(folder, `${prefix}${formatMark(thisProcess)}+${nonce}`);
  const withdraw = () => rm(file, { force: true });
  await writeFile(file, '');
  try {
    await (await acquireLock(collectionLock(store), { signal, onWait: () => {} }))();
    return withdraw;
  } catch (error) {
    await withdraw();
    throw error;
  }
}

/** The living processes that have announced themselves. */
async function usersOf(store: Store): Promise<readonly ProcessMark[]> {
  const names = await orIfMissing(readdir(join(store.root, 'locks')), []);
  return names.flatMap((name) => {
    const mark = name.startsWith(prefix) ? parseMark(name.split('+')[1] ?? '') : null;
    return mark !== null && isAlive(mark) ? mark : [];
  });
}

/**
 * Calls `work` while no run uses the store and none can begin. Throws a Failure of kind `input` where
 * one is under way: what it is about to use cannot be told apart.
 */
export async function withoutUsers<Value>(
  store: Store,
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  const release = await acquireLock(collectionLock(store), { signal, onWait: () => {} });
  try {
    const pids = [...new Set((await usersOf(store)).map(({ pid }) => pid))];
    if (pids.length > 0) {
      throw new Failure('input', `the store is in use by process ${pids.join(', ')}`, [
        'wait until its runs have ended: snn status shows them',
      ]);
    }
    return await work();
  } finally {
    await release();
  }
}
