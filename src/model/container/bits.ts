import type { ByteReader } from './bytes.js';

/** Bytes that `count` values of `width` bits take, the last byte filled up. */
export function packedBytes(count: number, width: number): number {
  return Math.ceil((count * width) / 8);
}

/**
 * Values of `width` bits (1..9) one behind the other: value i takes bits i * width and up of the
 * result, bit b being bit b % 8 of byte b / 8. Unused bits of the last byte are 0.
 */
export function packBits(values: Uint16Array, width: number): Uint8Array {
  const bytes = new Uint8Array(packedBytes(values.length, width));
  for (let i = 0; i < values.length; i++) {
    const at = i * width;
    const shifted = values[i] << (at % 8);
    bytes[at >> 3] |= shifted;
    if ((at % 8) + width > 8) bytes[(at >> 3) + 1] |= shifted >> 8;
  }
  return bytes;
}

/**
 * Reads what {@link packBits} wrote; null where an unused bit is set.
 *
 * @param bytes exactly `packedBytes(count, width)` of them
 */
export function unpackBits(bytes: Uint8Array, count: number, width: number): Uint16Array | null {
  const used = (count * width) % 8;
  if (used > 0 && bytes[bytes.length - 1] >> used !== 0) return null;
  const mask = 2 ** width - 1;
  const values = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * width;
    const pair = bytes[at >> 3] | ((bytes[(at >> 3) + 1] ?? 0) << 8);
    values[i] = (pair >> (at % 8)) & mask;
  }
  return values;
}

/** Reads `count` values of `width` bits off a section as {@link packBits} wrote them; fails where an unused bit is set. */
export function readBits(
  reader: ByteReader,
  count: number,
  width: number,
  fail: (what: string) => never,
): Uint16Array {
  const values = unpackBits(reader.raw(packedBytes(count, width)), count, width);
  return values ?? fail('has a bit set behind its last value');
}
