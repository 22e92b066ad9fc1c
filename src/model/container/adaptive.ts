/**
 * The adaptive code of indices (docs/format.md): an index is a walk down a binary tree, its highest bit
 * first; every node counts which way the walks have gone, and a range coder writes each bit at the cost
 * that those counts give it. There are no tables: both sides start from even counts.
 */

/** What both counts of a node start with: how firmly it takes its bits for even before it has seen any. */
const initialCount = 3;

/** Above this sum both counts of a node are halved, so that it follows what changes along a layer. */
const countLimit = 255;

/** The coder hands on a byte whenever the range has fallen below this. */
const smallestRange = 2 ** 24;

const fullRange = 2 ** 32 - 1;

/** Counts of zeros and ones at every node of a tree of `width` levels; node 1 is the root. */
function newCounts(width: number): Uint8Array {
  return new Uint8Array(2 * 2 ** width).fill(initialCount);
}

function count(counts: Uint8Array, node: number, bit: number): void {
  const zero = 2 * node;
  const one = zero + 1;
  if (counts[zero] + counts[one] === countLimit) {
    counts[zero] = (counts[zero] + 1) >> 1;
    counts[one] = (counts[one] + 1) >> 1;
  }
  counts[zero + bit]++;
}

/** Part of `range` that a zero takes at a node; at least 1, and less than the range. */
function zeroRange(counts: Uint8Array, node: number, range: number): number {
  const zeros = counts[2 * node];
  return Math.floor(range / (zeros + counts[2 * node + 1])) * zeros;
}

/** The bytes that {@link decodeAdaptive} turns back into `values`, each of `width` bits (1..9). */
export function encodeAdaptive(values: Uint16Array, width: number): Uint8Array {
  const counts = newCounts(width);
  const bytes: number[] = [];
  let [low, range] = [0, fullRange];
  const carry = () => {
    let at = bytes.length - 1;
    while (bytes[at] === 255) bytes[at--] = 0;
    bytes[at]++;
  };
  const rise = (by: number) => {
    low += by;
    if (low <= fullRange) return;
    low -= 2 ** 32;
    carry();
  };
  for (const value of values) {
    let node = 1;
    for (let level = width - 1; level >= 0; level--) {
      const bit = (value >> level) & 1;
      const zero = zeroRange(counts, node, range);
      if (bit === 1) rise(zero);
      range = bit === 1 ? range - zero : zero;
      while (range < smallestRange) {
        bytes.push(Math.floor(low / 2 ** 24));
        low = (low % 2 ** 24) * 256;
        range *= 256;
      }
      count(counts, node, bit);
      node = 2 * node + bit;
    }
  }
  rise(smallestRange - 1);
  bytes.push(Math.floor(low / 2 ** 24));
  return Uint8Array.from(bytes);
}

/**
 * Reads what {@link encodeAdaptive} wrote; null where it would have written these values as other bytes.
 * Allocates the values at once: the caller sees to it that `bytes` are enough for so many.
 */
export function decodeAdaptive(
  bytes: Uint8Array,
  length: number,
  width: number,
): Uint16Array | null {
  const counts = newCounts(width);
  const values = new Uint16Array(length);
  let [code, range, at] = [0, fullRange, 0];
  const next = () => {
    code = code * 256 + (at < bytes.length ? bytes[at] : 0);
    at++;
  };
  for (let n = 0; n < 4; n++) next();
  if (code >= range) return null;
  for (let i = 0; i < length; i++) {
    let node = 1;
    for (let level = 0; level < width; level++) {
      const zero = zeroRange(counts, node, range);
      const bit = code < zero ? 0 : 1;
      if (bit === 1) code -= zero;
      range = bit === 1 ? range - zero : zero;
      while (range < smallestRange) {
        next();
        range *= 256;
      }
      count(counts, node, bit);
      node = 2 * node + bit;
    }
    if (at > bytes.length + 3) return null;
    values[i] = node - 2 ** width;
  }
  return at === bytes.length + 3 && code < smallestRange ? values : null;
}
