import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialParameters, latentDeviation } from '../../src/nn/initial.js';
import { layoutOf, view } from '../../src/nn/layout.js';
import { modelPlans } from '../model/networks.js';

/** Counts how often every place of a flat vector is covered. */
function coverage(size: number, parts: Iterable<{ offset: number; size: number }>): number[] {
  const covered = new Array<number>(size).fill(0);
  for (const part of parts) {
    for (let i = part.offset; i < part.offset + part.size; i++) covered[i]++;
  }
  return covered;
}

test('every place of the flat vectors belongs to exactly one tensor', () => {
  fc.assert(
    fc.property(modelPlans, ({ shape }) => {
      const { parameters, size, norms, statisticsSize } = layoutOf(shape);
      expect(coverage(size, parameters.values())).toEqual(new Array(size).fill(1));
      const halves = [...norms.values()].flatMap(({ channels, meanOffset, varianceOffset }) => [
        { offset: meanOffset, size: channels },
        { offset: varianceOffset, size: channels },
      ]);
      expect(coverage(statisticsSize, halves)).toEqual(new Array(statisticsSize).fill(1));
    }),
    { numRuns: 30 },
  );
});

test('a network has the parameters that its shape asks for', () => {
  fc.assert(
    fc.property(modelPlans, ({ shape }) => {
      const { stem, blocks, classifier } = shape;
      const { kernel, input, output } = stem.conv;
      const stemSize = kernel ** 2 * input.channels * output.channels + 2 * output.channels;
      const blockSizes = blocks.map(({ conv, shortcut }) => {
        const [inputs, outputs] = [conv.input.channels, conv.output.channels];
        const own = inputs + 9 * inputs * outputs + 2 * outputs + 3 * outputs;
        return shortcut === 'downsample' ? own + inputs * outputs + 2 * outputs : own;
      });
      const classifierSize = (classifier.inputs + 1) * classifier.classes;
      const expected = blockSizes.reduce((sum, n) => sum + n, stemSize + classifierSize);
      expect(layoutOf(shape).size).toBe(expected);
    }),
    { numRuns: 30 },
  );
});

test('initial parameters: zero-mean latents, He weights, gamma 1, slope 0.25, all else 0', () => {
  fc.assert(
    fc.property(modelPlans, fc.nat(), ({ shape }, seed) => {
      const layout = layoutOf(shape);
      const flat = initialParameters(layout, seed);
      for (const { name, role, shape: dimensions, size } of layout.parameters.values()) {
        const values = [...view(layout, flat, name)];
        if (role === 'affine') {
          const constant = name.endsWith('.gamma') ? 1 : name.endsWith('.slope') ? 0.25 : 0;
          expect(new Set(values)).toEqual(new Set([constant]));
        } else {
          const fanIn = dimensions.slice(0, -1).reduce((product, n) => product * n, 1);
          const deviation = role === 'latent' ? latentDeviation : Math.sqrt(2 / fanIn);
          const mean = values.reduce((sum, v) => sum + v, 0) / size;
          const square = values.reduce((sum, v) => sum + v * v, 0) / size;
          expect(Math.abs(mean)).toBeLessThan((6 * deviation) / Math.sqrt(size));
          expect(Math.abs(square / deviation ** 2 - 1)).toBeLessThan(12 / Math.sqrt(size));
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('initial parameters are those of the seed', () => {
  fc.assert(
    fc.property(modelPlans, fc.nat(), ({ shape }, seed) => {
      const layout = layoutOf(shape);
      expect(initialParameters(layout, seed)).toEqual(initialParameters(layout, seed));
      expect(initialParameters(layout, seed)).not.toEqual(initialParameters(layout, seed + 1));
    }),
    { numRuns: 3 },
  );
});
