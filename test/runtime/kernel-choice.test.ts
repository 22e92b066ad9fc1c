import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type KernelKind, layBinaryConv } from '../../src/runtime/binary-conv.js';
import { newConstants } from '../../src/runtime/constants.js';
import { fastestKernel } from '../../src/runtime/kernel-choice.js';
import { stream } from '../../src/util/random.js';
import { randomConv } from '../model/networks.js';

const shapeOf = (side: number, channels: number) => {
  const map = { height: side, width: side, channels };
  return { kernel: 3, stride: 1, input: map, output: map } as const;
};

/** Kernels that reuse what members have in common. */
const reusing: readonly KernelKind[] = ['planes', 'lookup'];

it('takes a kernel of 1 bit for 1 bit, and reuse below it where outputs are many', () => {
  for (const vector of [16, 32] as const) {
    for (const [side, channels] of [
      [56, 64],
      [28, 128],
      [14, 256],
      [7, 512],
    ] as const) {
      const shape = shapeOf(side, channels);
      expect(reusing).not.toContain(fastestKernel({ tau: 9, structure: 'free' }, shape, vector));
      for (const tau of [1, 3, 4, 5]) {
        for (const structure of ['free', 'antipodal'] as const) {
          expect(reusing).toContain(fastestKernel({ tau, structure }, shape, vector));
        }
      }
    }
  }
});

it('holds the weights of up to tau 5 in a bit each, beside tables of a constant size', () => {
  const tableBytes = 512 * 32 + 1024;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom<'free' | 'antipodal'>('free', 'antipodal'),
      fc.constantFrom(64, 96, 128, 256),
      fc.constantFrom<16 | 32>(16, 32),
      (tau, structure, channels, vector) => {
        const shape = shapeOf(14, channels);
        const conv = randomConv(tau, structure, channels * channels, stream(tau, 'bits'));
        const kind = fastestKernel(conv, shape, vector);
        const constants = newConstants();
        layBinaryConv(kind, conv, shape, 'minus-one', vector, constants);
        const weights = 9 * channels * channels;
        expect(8 * (constants.size() - tableBytes)).toBeLessThanOrEqual(weights);
      },
    ),
  );
});
