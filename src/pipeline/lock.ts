import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, orIfMissing } from '../util/files.js';
import { formatMark, isAlive, type ProcessMark, parseMark, thisProcess } from './process-mark.js';

/** Gives the lock back. */
export type Release = () => Promise<void>;

const pollMilliseconds = 200;

/**
 * Takes the lock that is the file `path`; at any time one process has it. One held by a living process
 * is waited for, after a call of `onWait` (once); one whose process is gone is taken over. Rejects with
 * the signal's reason when that aborts.
 */
export async function acquireLock(
  path: string,
  {
    signal,
    onWait,
  }: { readonly signal: AbortSignal; readonly onWait: (holder: ProcessMark) => void },
): Promise<Release> {
  await mkdir(dirname(path), { recursive: true });
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const attempt = await tryLock(path);
    if (attempt.taken) return attempt.release;
    if (!told) onWait(attempt.holder);
    await delay(pollMilliseconds);
  }
}

/** Takes the lock if no living process has it; null otherwise. */
export async function lockIfFree(path: string): Promise<Release | null> {
  await mkdir(dirname(path), { recursive: true });
  const attempt = await tryLock(path);
  return attempt.taken ? attempt.release : null;
}

type Attempt =
  | { readonly taken: true; readonly release: Release }
  | { readonly taken: false; readonly holder: ProcessMark };

/**
 * A lock file appears whole, by link, so whoever reads it learns its holder. Only the holder removes
 * it. A dead holder's file is replaced by rename, and only under the lock `path.takeover`: were it
 * simply removed, two processes could both find it stale and the second remove the first one's.
 */
async function tryLock(path: string): Promise<Attempt> {
  const mark = formatMark(thisProcess);
  const nonce = randomBytes(8).toString('hex');
  const draft = `${path}+${mark}+${nonce}`;
  await writeFile(draft, `${mark} ${nonce}`);
  const taken: Attempt = { taken: true, release: () => rm(path, { force: true }) };
  try {
    for (;;) {
      if (await linked(draft, path)) return taken;
      const text = await orIfMissing(readFile(path, 'utf8'), null);
      if (text === null) continue;
      const holder = holderOf(text);
      if (holder !== null && isAlive(holder)) return { taken: false, holder };

      const takeover = await tryLock(`${path}.takeover`);
      if (!takeover.taken) return takeover;
      try {
        if ((await orIfMissing(readFile(path, 'utf8'), null)) === text) {
          await rename(draft, path);
          return taken;
        }
      } finally {
        await takeover.release();
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

function holderOf(text: string): ProcessMark | null {
  return parseMark(text.split(' ')[0] ?? '');
}

/** Clears a folder of locks of what dead processes left there. */
export async function sweepLocks(folder: string): Promise<void> {
  for (const name of await orIfMissing(readdir(folder), [])) {
    const path = join(folder, name);
    const [, drafter] = name.split('+');
    if (drafter !== undefined) {
      const owner = parseMark(drafter);
      if (owner === null || !isAlive(owner)) await rm(path, { force: true });
      continue;
    }
    const holder = holderOf(await orIfMissing(readFile(path, 'utf8'), ''));
    if (holder !== null && isAlive(holder)) continue;
    const attempt = await tryLock(path);
    if (attempt.taken) await attempt.release();
  }
}

/** Links `draft` as `path` unless that exists. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
