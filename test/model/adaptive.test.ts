import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAdaptive, encodeAdaptive } from '../../src/model/container/adaptive.js';
import { packedBytes } from '../../src/model/container/bits.js';
import { stream } from '../../src/util/random.js';

/**
 * The code written anew: an interval of exact rational numbers, held as integers over 2^32 256^shifts,
 * so that there are no carries.
 */
function exactCode(values: readonly number[], width: number): number[] {
  const seen = new Map<string, [bigint, bigint]>();
  let [low, range, shifts] = [0n, 2n ** 32n - 1n, 0];
  for (const value of values) {
    const digits = value.toString(2).padStart(width, '0');
    for (let length = 0; length < width; length++) {
      const counts = seen.get(digits.slice(0, length)) ?? [3n, 3n];
      const zero = (range / (counts[0] + counts[1])) * counts[0];
      const bit = Number(digits[length]);
      low += bit === 1 ? zero : 0n;
      range = bit === 1 ? range - zero : zero;
      while (range < 2n ** 24n) {
        low *= 256n;
        range *= 256n;
        shifts++;
      }
      const full = counts[0] + counts[1] === 255n;
      const next = counts.map((n) => (full ? (n + 1n) / 2n : n));
      next[bit]++;
      seen.set(digits.slice(0, length), [next[0], next[1]]);
    }
  }
  const code = (low + 2n ** 24n - 1n) / 2n ** 24n;
  return Array.from({ length: shifts + 1 }, (_, i) =>
    Number((code >> BigInt(8 * (shifts - i))) % 256n),
  );
}

const layers = fc
  .record({
    width: fc.integer({ min: 1, max: 9 }),
    length: fc.integer({ min: 1, max: 700 }),
    /** Values of a few, of one, or of all. */
    spread: fc.integer({ min: 1, max: 512 }),
    seed: fc.nat(),
  })
  .map(({ width, length, spread, seed }) => {
    const random = stream(seed, 'values');
    const limit = Math.min(spread, 2 ** width);
    return { width, values: Uint16Array.from({ length }, () => random.below(limit)) };
  });

describe('adaptive code', () => {
  it('is that of exact arithmetic, and comes back', () => {
    fc.assert(
      fc.property(layers, ({ width, values }) => {
        const bytes = encodeAdaptive(values, width);
        expect([...bytes]).toEqual(exactCode([...values], width));
        expect(decodeAdaptive(bytes, values.length, width)).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it('stays as it was laid down', () => {
    const values = Uint16Array.from({ length: 40 }, (_, i) => (i * i) % 7);
    expect(Buffer.from(encodeAdaptive(values, 3)).toString('hex')).toBe(
      '08ef343801548a731a933d1ea7',
    );
  });

  it('costs what the use of the members calls for, and little more than that', () => {
    const random = stream(3, 'uneven');
    const values = Uint16Array.from({ length: 8192 }, () =>
      Math.min(31, Math.floor(-5 * Math.log(1 - random.uniform()))),
    );
    const uses = new Map<number, number>();
    for (const value of values) uses.set(value, (uses.get(value) ?? 0) + 1);
    const entropy = [...uses.values()].reduce(
      (bits, n) => bits - n * Math.log2(n / values.length),
      0,
    );
    const coded = encodeAdaptive(values, 5).length;
    expect(coded).toBeGreaterThan(entropy / 8);
    expect(coded).toBeLessThan((1.03 * entropy) / 8);
    expect(coded).toBeLessThan(packedBytes(values.length, 5));
  });

  it('knows every stream that no encoder writes', () => {
    const random = stream(4, 'streams');
    const values = Uint16Array.from({ length: 60 }, () => random.below(9));
    const bytes = encodeAdaptive(values, 4);
    expect(decodeAdaptive(Uint8Array.of(...bytes, 0), 60, 4)).toBeNull();
    expect(decodeAdaptive(bytes.subarray(0, -1), 60, 4)).toBeNull();
    let read = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (let flip = 1; flip < 256; flip++) {
        const spoiled = bytes.slice();
        spoiled[at] ^= flip;
        const found = decodeAdaptive(spoiled, 60, 4);
        if (found === null) continue;
        read++;
        expect(encodeAdaptive(found, 4)).toEqual(spoiled);
      }
    }
    expect(read).toBeGreaterThan(0);
    expect(decodeAdaptive(Uint8Array.of(255, 255, 255, 255), 9, 4)).toBeNull();
    expect(decodeAdaptive(new Uint8Array(), 9, 4)).toBeNull();
  });
});
