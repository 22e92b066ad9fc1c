import { isUtf8 } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Place, Source } from './problem.js';

const maxBytes = 1024 * 1024;
const maxLine = 10_000;

/** Why a file is no spec, before any YAML is read. */
export interface Unreadable {
  readonly reason: string;
  readonly help?: string;
  readonly missing?: boolean;
  /** Where in the file, when it could be read. */
  readonly place?: Place;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links run in a circle',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'no file has such a name',
};

/** Reads at most one byte more than a spec may have, so that an endless device does no harm. */
async function readBounded(handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Reads a spec file as text: UTF-8, at most 1 MiB, no line beyond 10 000 characters. */
export async function readSource(file: string): Promise<Source | Unreadable> {
  let bytes: Buffer;
  try {
    const handle = await open(file);
    try {
      bytes = await readBounded(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { reason: reasons[code] ?? message, missing: code === 'ENOENT' };
  }
  if (bytes.length > maxBytes) return { reason: 'larger than 1 MiB, which no spec is' };

  const text = new TextDecoder().decode(bytes);
  const source: Source = { kind: 'file', name: file, text, folder: dirname(file) };
  const placeAt = (start: number) => ({ source, start, end: start + 1 });
  if (!isUtf8(bytes)) {
    const place = placeAt(text.indexOf('\u{fffd}'));
    return { reason: 'this byte is no UTF-8', help: 'save the file as UTF-8', place };
  }
  const long = new RegExp(`^.{${maxLine + 1}}`, 'm').exec(text);
  if (long) {
    const reason = `this line has more than ${maxLine} characters`;
    return { reason, help: 'break it up', place: placeAt(long.index) };
  }
  return source;
}
