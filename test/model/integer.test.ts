import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  averageConstants,
  globalAverage,
  prelu,
  requantize,
  roundShift,
  saturate16,
  windowAverage,
} from '../../src/model/integer.js';

/** floor(a / 2^s) of any integer, with unbounded integers. */
const floorShift = (a: bigint, s: number) => a >> BigInt(s);
const saturate = (a: bigint) => (a < -32768n ? -32768n : a > 32767n ? 32767n : a);
const int16 = fc.oneof(
  fc.integer({ min: -32768, max: 32767 }),
  fc.constantFrom(-32768, -32767, -1, 0, 1, 32767),
);

describe('integer arithmetic', () => {
  it('saturates at the ends of int16', () => {
    expect([-40000, -32769, -32768, 32767, 32768].map(saturate16)).toEqual([
      -32768, -32768, -32768, 32767, 32767,
    ]);
  });

  it('rounds halves up, also below zero', () => {
    expect([-3, -2, -1, 0, 1, 2, 3].map((a) => roundShift(a, 1))).toEqual([-1, -1, 0, 0, 1, 1, 2]);
    expect(roundShift(-5, 0)).toBe(-5);
  });

  it('saturates accumulators that do not fit 16 bits behind the first shift', () => {
    const requantizer = {
      preShift: 3,
      shift: 1,
      multiplier: Int16Array.of(2),
      bias: Int32Array.of(0),
    };
    const largest = 9 * 4096 * 32768;
    expect(
      [largest, 32767 * 8 + 4, 32767 * 8 + 3].map((a) => requantize(a, requantizer, 0)),
    ).toEqual([32767, 32767, 32767]);
    expect(
      [-largest, -32768 * 8 - 5, -32767 * 8].map((a) => requantize(a, requantizer, 0)),
    ).toEqual([-32768, -32768, -32767]);
  });

  it('requantises like unbounded integers do, up to the very bounds', () => {
    const factor = fc.oneof(
      fc.integer({ min: -32767, max: 32767 }),
      fc.constantFrom(-32767, 32767),
    );
    const layer = fc.record({
      preShift: fc.integer({ min: 0, max: 15 }),
      shift: fc.integer({ min: 1, max: 24 }),
    });
    fc.assert(
      fc.property(
        layer,
        factor,
        factor,
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ preShift, shift }, multiplier, rounded, biasShare, offset) => {
          const spread = 2 ** preShift;
          const low = rounded * spread - (preShift > 0 ? spread / 2 : 0);
          const accumulator = low + Math.floor(offset * (spread - 1));
          const bias = Math.round(biasShare * (2 ** 30 - 2 ** (shift - 1)));
          const half = preShift > 0 ? 1n << BigInt(preShift - 1) : 0n;
          const first = floorShift(BigInt(accumulator) + half, preShift);
          expect(first).toBe(BigInt(rounded));
          const inner = first * BigInt(multiplier) + BigInt(bias) + (1n << BigInt(shift - 1));
          expect(inner >= -(2n ** 31n) && inner < 2n ** 31n).toBe(true);
          const expected = saturate(floorShift(inner, shift));
          const requantizer = {
            preShift,
            shift,
            multiplier: Int16Array.of(multiplier),
            bias: Int32Array.of(bias),
          };
          expect(BigInt(requantize(accumulator, requantizer, 0))).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('bends like unbounded integers do', () => {
    fc.assert(
      fc.property(int16, int16, (value, slope) => {
        const bent = saturate(floorShift(BigInt(value) * BigInt(slope) + 2048n, 12));
        expect(BigInt(prelu(value, slope))).toBe(value >= 0 ? BigInt(value) : bent);
      }),
      { numRuns: 2000 },
    );
  });

  it('averages pooling windows to the nearest integer, halves up', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4),
        fc.array(int16, { minLength: 4, maxLength: 4 }),
        (n, values) => {
          const sum = values.slice(0, n).reduce((total, value) => total + value, 0);
          expect(windowAverage(sum, n)).toBe(Math.floor(sum / n + 0.5));
        },
      ),
    );
  });

  it('averages over any number of positions within two units, by 16-bit factors only', () => {
    for (let positions = 1; positions <= 2 ** 14; positions++) {
      const { shift, reciprocal } = averageConstants(positions);
      let widest = 0;
      let worst = 0;
      for (const mean of [-32768, -20001, -1, 0, 1, 12345, 32767]) {
        const sum = mean * positions;
        widest = Math.max(widest, Math.abs(roundShift(sum, shift)));
        worst = Math.max(worst, Math.abs(globalAverage(sum, positions) - mean));
      }
      const fits = reciprocal >= 2 ** 14 && reciprocal <= 32767 && widest <= 32768;
      expect(fits && worst <= 2, `${positions} positions`).toBe(true);
    }
  });

  it('averages exactly over a power of two of positions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 }), int16, (log, mean) => {
        expect(globalAverage(mean * 2 ** log, 2 ** log)).toBe(mean);
      }),
    );
  });
});
