import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRounds, interleaved, spreadOf } from '../../src/util/timing.js';

describe('spreadOf', () => {
  it('knows medians and quartiles', () => {
    expect(spreadOf([7])).toEqual({ median: 7, lower: 7, upper: 7, repeats: 1 });
    expect(spreadOf([4, 1])).toEqual({ median: 2.5, lower: 1.75, upper: 3.25, repeats: 2 });
    expect(spreadOf([9, 1, 5, 3, 7])).toEqual({ median: 5, lower: 3, upper: 7, repeats: 5 });
    expect(() => spreadOf([])).toThrow('nothing was measured');
  });

  it('has at least half of the values on either side, in any order', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (values) => {
        const { median, lower, upper } = spreadOf(values);
        const share = (holds: (value: number) => boolean) =>
          values.filter(holds).length / values.length;
        const slack = 1e-9 * (1 + median);
        expect(share((value) => value <= median + slack)).toBeGreaterThanOrEqual(0.5);
        expect(share((value) => value >= median - slack)).toBeGreaterThanOrEqual(0.5);
        expect(lower).toBeLessThanOrEqual(median + slack);
        expect(upper).toBeGreaterThanOrEqual(median - slack);
        expect(spreadOf([...values].reverse())).toEqual(spreadOf(values));
      }),
    );
  });
});

describe('rounds', () => {
  it('measure every rival once, there and back, and leave out those that warm up', async () => {
    const order: string[] = [];
    const rival = (name: string) => () => order.push(name);
    const samples = await inRounds({ a: rival('a'), b: rival('b') }, { repeats: 3 });
    expect(order.length).toBeGreaterThanOrEqual(8);
    expect(order).toEqual(order.map((_, i) => (i % 4 === 0 || i % 4 === 3 ? 'a' : 'b')));
    const placesOf = (name: string) => order.flatMap((each, i) => (each === name ? [i + 1] : []));
    expect(samples.a).toEqual(placesOf('a').slice(-3));
    expect(samples.b).toEqual(placesOf('b').slice(-3));
  });

  it('stop with the reason of the signal, whatever the measurement failed with', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped');
    const broken = async () => {
      controller.abort(reason);
      throw new Error('killed');
    };
    const { signal } = controller;
    await expect(inRounds({ broken }, { repeats: 3, signal })).rejects.toBe(reason);
    const failing = () => Promise.reject(new Error('broken'));
    await expect(interleaved({ failing }, { repeats: 1 })).rejects.toThrow('broken');
  });
});
