import { describe, expect, it } from 'vitest';
import { describeDifference, firstDifference, type Trace } from '../../src/model/trace.js';

const trace = (): Trace => [
  { name: 'stem', shape: { height: 2, width: 3, channels: 2 }, values: new Int32Array(12) },
  { name: 'logits', shape: { height: 1, width: 1, channels: 4 }, values: new Int32Array(4) },
];

describe('first difference', () => {
  it('is none between equal traces', () => {
    expect(firstDifference(trace(), trace())).toBeNull();
  });

  it('names layer, channel, row, column and both values of the first one', () => {
    const actual = trace();
    actual[0].values[9] = -7;
    actual[0].values[10] = 3;
    actual[1].values[0] = 1;
    const difference = firstDifference(trace(), actual);
    expect(difference).toEqual({
      layer: 'stem',
      channel: 1,
      row: 1,
      column: 1,
      expected: 0,
      actual: -7,
    });
    expect(difference && describeDifference(difference)).toBe(
      'layer stem, channel 1, row 1, column 1: 0 expected, -7 found',
    );
  });

  it('does not take a missing layer or a map of another size for agreement', () => {
    expect(() => firstDifference(trace(), trace().slice(0, 1))).toThrow(/different networks/);
    expect(() => firstDifference(trace(), [])).toThrow(/different networks/);
    const [stem, logits] = trace();
    expect(() =>
      firstDifference(trace(), [{ ...stem, values: new Int32Array(3) }, logits]),
    ).toThrow(/different sizes/);
  });
});
