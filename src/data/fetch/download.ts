import { open, rename, rm, stat } from 'node:fs/promises';
import { Failure } from '../../util/failure.js';
import { orIfMissing } from '../../util/files.js';
import { hashFile } from '../../util/hash.js';
import type { RemoteFile } from './catalogue.js';

/** How a download is watched and stopped. */
export interface Watch {
  /** Told the bytes that are there after every piece. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

const again = 'run the same command again: it goes on where it stopped';
const elsewhere = 'or name a mirror: --mirror URL or SNN_DATA_MIRROR';

function unreachable(url: string, why: string, cause?: unknown): Failure {
  return new Failure('tool', `${url}: ${why}`, [again, elsewhere], { cause });
}

/**
 * Fetches `file` to `path`, which appears only when size and SHA-256 are right. What has arrived so
 * far lies in `path.part`; a later call asks only for the rest (an HTTP range), or for everything
 * where the server knows no ranges.
 *
 * @throws Failure of kind `tool`: server not reached, refused, connection lost, other bytes
 */
export async function download(file: RemoteFile, path: string, watch: Watch): Promise<void> {
  const part = `${path}.part`;
  const there = (await orIfMissing(stat(part), null))?.size ?? 0;
  if (there > file.bytes) await rm(part);
  if (there !== file.bytes) await receive(file, part, there > file.bytes ? 0 : there, watch);

  const { size, sha256 } = await hashFile(part);
  if (size < file.bytes) {
    throw unreachable(file.url, `the connection ended after ${size} of ${file.bytes} bytes`);
  }
  if (sha256 !== file.sha256) {
    await rm(part);
    throw new Failure('tool', `${file.url}: its SHA-256 is ${sha256}, not ${file.sha256}`, [
      'what arrived was thrown away: run the same command again',
      elsewhere,
    ]);
  }
  await rename(part, path);
}

/** Appends to `part` what `file` has from byte `from` on, or writes it anew where it must. */
async function receive(
  { url, bytes }: RemoteFile,
  part: string,
  from: number,
  { onProgress, signal }: Watch,
): Promise<void> {
  const response = await ask(url, from, signal);
  const resumed = response.status === 206;
  const start = resumed ? from : 0;
  const handle = await open(part, resumed ? 'a' : 'w');
  let size = start;
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > bytes) break;
      await handle.writeFile(piece);
      onProgress(size);
    }
    await handle.sync();
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(url, `the connection was lost after ${size} of ${bytes} bytes`, error);
  } finally {
    await handle.close();
  }
  if (size > bytes) {
    await rm(part);
    throw new Failure('tool', `${url}: sends more than the ${bytes} bytes that it should have`, [
      'it is another file',
      elsewhere,
    ]);
  }
}

async function ask(url: string, from: number, signal: AbortSignal): Promise<Response> {
  const headers = {
    'accept-encoding': 'identity',
    ...(from > 0 && { range: `bytes=${from}-` }),
  };
  const response = await fetch(url, { headers, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw unreachable(url, 'cannot be reached', error);
  });
  const { status, statusText } = response;
  const begins = response.headers.get('content-range')?.startsWith(`bytes ${from}-`) ?? false;
  if (status === 200 || (status === 206 && begins)) return response;
  await response.body?.cancel();
  throw unreachable(url, `the server answers ${status} ${statusText}`.trimEnd());
}
