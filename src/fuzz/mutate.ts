import type { RandomStream } from '../util/random.js';

/** Numbers at which a careless reader goes wrong. */
const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 40n,
  2n ** 63n - 1n,
];

/** One of some items. */
export function pick<Item>(items: readonly Item[], random: RandomStream): Item {
  return items[random.below(items.length)];
}

/** Bytes with `inserted` at `at` in place of `removed` bytes. */
export function spliced(
  bytes: Uint8Array,
  at: number,
  removed: number,
  inserted: Uint8Array,
): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}

/** A little-endian number of `size` bytes, one of the {@link extremes}. */
function extreme(size: number, random: RandomStream): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(pick(extremes, random));
  return bytes.subarray(0, size);
}

export type Mutation = (bytes: Uint8Array, random: RandomStream) => Uint8Array;

const mutations: readonly Mutation[] = [
  // Cut off.
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  // Some bytes replaced by any others.
  (bytes, random) => {
    const spoiled = Uint8Array.from(bytes);
    for (let n = 1 + random.below(8); n > 0; n--) {
      spoiled[random.below(spoiled.length)] = random.below(256);
    }
    return spoiled;
  },
  // One bit flipped.
  (bytes, random) => {
    const spoiled = Uint8Array.from(bytes);
    spoiled[random.below(spoiled.length)] ^= 1 << random.below(8);
    return spoiled;
  },
  // A number replaced by an extreme one.
  (bytes, random) => {
    const size = pick([1, 2, 4, 8], random);
    return spliced(bytes, random.below(bytes.length), size, extreme(size, random));
  },
  // A part left out, doubled or moved.
  (bytes, random) => {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.below(64));
    const to = random.below(bytes.length);
    return spliced(
      bytes,
      to,
      pick([0, part.length], random),
      pick([part, new Uint8Array()], random),
    );
  },
  // One byte many times over.
  (bytes, random) => {
    const run = new Uint8Array(1 + random.below(2 ** random.below(13))).fill(random.below(256));
    return spliced(bytes, random.below(bytes.length + 1), 0, run);
  },
];

/** Bytes that one to four random mutations have gone over; `more`: mutations of the format's own. */
export function mutated(
  bytes: Uint8Array,
  random: RandomStream,
  more: readonly Mutation[] = [],
): Uint8Array {
  let spoiled = bytes;
  for (let n = 1 + random.below(4); n > 0 && spoiled.length > 0; n--) {
    spoiled = pick([...mutations, ...more], random)(spoiled, random);
  }
  return spoiled;
}
