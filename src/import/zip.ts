import { crc32 } from 'node:zlib';
import type { Allowance, Refuse } from './allowance.js';
import { cost } from './pickle-stack.js';

/** A file of an archive. */
export interface ZipEntry {
  /** Its first byte in the archive. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const signatures = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 } as const;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;

const endBytes = 22;
const locator64Bytes = 20;
const centralBytes = 46;
const localBytes = 30;

/** Bytes of a comment at most. */
const commentLimit = 0xffff;

/** In place of a number that stands in the 64-bit part. */
const elsewhere = 0xffffffff;

/** Whether the file starts as an archive with files does. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, i) => bytes[i] === byte);
}

/** Whether a name could lead out of a folder; such names are never used as paths, yet never sound. */
function leadsOut(name: string): boolean {
  return /^[/\\]|^[a-z]:|\\|\0/i.test(name) || name.split('/').includes('..');
}

/**
 * Reads an archive of stored files, as PyTorch writes it: nothing is inflated, every file is a view of
 * `bytes`, and together they are no longer than it. Checksums are verified.
 *
 * @throws Failure, by `refuse`, where the archive is damaged, or has compressed or encrypted files,
 *   more bytes in files than it has itself, names that occur twice or lead out of the archive
 */
export function readZip(
  bytes: Uint8Array,
  allowance: Allowance,
  refuse: Refuse,
): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Place of a record of `length` bytes that must lie within the file. */
  const within = (at: number, length: number, what: string): number =>
    Number.isSafeInteger(at) && at >= 0 && at + length <= bytes.length
      ? at
      : refuse(Math.min(Math.max(0, at), bytes.length), `${what} lies outside of the file`);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const u64 = (at: number) => Number(view.getBigUint64(within(at, 8, 'a 64-bit number'), true));

  const directory = (): { at: number; count: number } => {
    const first = Math.max(0, bytes.length - endBytes - commentLimit);
    let end = bytes.length - endBytes;
    while (end >= first && u32(end) !== signatures.end) end--;
    if (end < first) return refuse(bytes.length, 'the archive is cut off: it has no directory');
    const [count, at] = [u16(end + 10), u32(end + 16)];
    const locator = end - locator64Bytes;
    if (locator < 0 || u32(locator) !== signatures.locator64) return { at, count };
    const end64 = within(u64(locator + 8), 56, 'the end of the directory');
    if (u32(end64) !== signatures.end64) refuse(end64, 'the end of the directory is damaged');
    return { at: u64(end64 + 48), count: u64(end64 + 32) };
  };

  /** A 64-bit size or place, taken from the extra field in its fixed order where it stands there. */
  const wide = (header: number, at: number, order: readonly number[]): number => {
    if (u32(at) !== elsewhere) return u32(at);
    const extraEnd = header + centralBytes + u16(header + 28) + u16(header + 30);
    for (
      let extra = extraEnd - u16(header + 30);
      extra + 4 <= extraEnd;
      extra += 4 + u16(extra + 2)
    ) {
      if (u16(extra) !== 1) continue;
      const earlier = order.slice(0, order.indexOf(at)).filter((field) => u32(field) === elsewhere);
      return u64(extra + 4 + 8 * earlier.length);
    }
    return refuse(header, 'a 64-bit size is missing');
  };

  const entries = new Map<string, ZipEntry>();
  const { at: start, count } = directory();
  let header = start;
  let stored = 0;
  for (let i = 0; i < count; i++) {
    within(header, centralBytes, 'the directory');
    if (u32(header) !== centralSignature) refuse(header, 'the directory is damaged');
    const [nameLength, extraLength] = [u16(header + 28), u16(header + 30)];
    const length = centralBytes + nameLength + extraLength + u16(header + 32);
    within(header, length, 'the directory');
    allowance.charge(cost.container + cost.entry + 2 * nameLength, header);
    const nameAt = header + centralBytes;
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameLength));
    const shown = JSON.stringify(name);
    if (leadsOut(name)) refuse(header, `the name ${shown} leads out of the archive`);
    if (entries.has(name)) refuse(header, `the name ${shown} occurs twice`);
    if (u16(header + 8) & 1) refuse(header, `${shown} is encrypted`);
    if (u16(header + 10) !== 0) {
      refuse(header, `${shown} is compressed; PyTorch stores its files as they are`);
    }
    const order = [header + 24, header + 20, header + 42];
    const [size, packedSize, local] = order.map((field) => wide(header, field, order));
    if (size !== packedSize) refuse(header, `${shown} has two sizes`);
    within(local, localBytes, `the header of ${shown}`);
    if (u32(local) !== localSignature) refuse(local, `the header of ${shown} is damaged`);
    const at = within(local + localBytes + u16(local + 26) + u16(local + 28), size, shown);
    stored += localBytes + size;
    if (stored > bytes.length) refuse(header, 'the files of the archive overlap');
    const body = bytes.subarray(at, at + size);
    if (crc32(body) !== u32(header + 16)) refuse(at, `${shown} is damaged (checksum differs)`);
    entries.set(name, { at, bytes: body });
    header += length;
  }
  return entries;
}
