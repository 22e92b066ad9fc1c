import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { designFor, type FitQuestion } from '../../src/fpga/advice.js';
import { networkCycles, stepCycles } from '../../src/fpga/cycles.js';
import { chooseDesign } from '../../src/fpga/fit.js';
import { memoryNeeds, totalBlockRams } from '../../src/fpga/memory.js';
import { planNetwork } from '../../src/fpga/plan.js';
import { fpgaTargets } from '../../src/fpga/targets.js';
import { layOut } from '../../src/model/network.js';
import { failureOf } from '../support/failure.js';

const architecture = {
  family: 'bireal',
  stages: [2, 2, 2],
  width: 16,
  stem: { kernel: 3, stride: 2, pool: false },
} as const;
const quickstart: FitQuestion = {
  architecture,
  image: { height: 28, width: 28, channels: 1 },
  classes: 10,
  tau: 5,
  target: 'ice40-up5k',
};
const wide = { ...quickstart, architecture: { ...architecture, width: 64 } };

describe('the design for a network', () => {
  it('is 28 lanes for the quickstart on the UP5K, the whole network on chip', () => {
    const { design, plan } = designFor(quickstart);
    expect(design).toMatchObject({ pixels: 7, outputs: 2, inputs: 2, tau: 5, countBits: 10 });
    expect(memoryNeeds(design)).toEqual({
      blockRams: {
        ...{ activations: 6, subsets: 4, constants: 6, vectors: 2, places: 4, frame: 1 },
        ...{ weights: 0, maps: 0 },
      },
      sprams: 4,
    });
    // Eleven steps of 14 registers; three words of constants for each of their channels; six subsets of
    // 32 members; 8192 kernels, four a word; weights of stem, shortcuts, average and classifier.
    const constants = 16 + 2 * 16 + 2 * (32 + 64) + (32 + 64) + 1 + 10;
    const dense = 8 * 9 + 8 * 16 + 16 * 32 + 16 + 3 * 64;
    expect(plan.weightWords).toBe(11 * 14 + 3 * constants + 6 * 32 + 8192 / 4 + dense);
    expect(plan.mapWords).toBe(14 * 14 * 16);
  });

  it('gives steps disjoint weights and layers that follow each other disjoint activations', () => {
    const shapes = fc.record({
      family: fc.constantFrom('bireal' as const, 'vgg' as const),
      width: fc.integer({ min: 1, max: 24 }),
      stages: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      height: fc.integer({ min: 1, max: 40 }),
      columns: fc.integer({ min: 1, max: 40 }),
      tau: fc.integer({ min: 1, max: 9 }),
      target: fc.constantFrom('ice40-up5k' as const, 'ice40-hx8k' as const),
    });
    fc.assert(
      fc.property(shapes, ({ family, width, stages, height, columns, tau, target }) => {
        const image = { height, width: columns, channels: 1 };
        const shape = layOut({ ...architecture, family, width, stages }, image, 10);
        const { design, plan } = chooseDesign(shape, tau, fpgaTargets[target]);
        let free = plan.steps.reduce((sum, { headWords }) => sum + headWords, 0);
        for (const { weightBase, weightWords } of plan.steps) {
          expect(weightBase).toBe(free);
          free += weightWords;
        }
        expect(free).toBe(plan.weightWords);
        expect(free).toBeLessThanOrEqual(design.weightDepth);
        const regions = plan.steps.flatMap(({ binary }) => (binary ? [binary.activations] : []));
        for (const [i, { base, words }] of regions.entries()) {
          expect(base + words).toBeLessThanOrEqual(design.activationDepth);
          const next = regions[i + 1];
          if (next === undefined) continue;
          expect(base + words <= next.base || next.base + next.words <= base).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never takes more memory than the part has, or says so', () => {
    const taus = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), taus, (width, tau) => {
        const shape = layOut({ ...architecture, width }, quickstart.image, 10);
        for (const target of Object.values(fpgaTargets)) {
          const { design, misfits } = chooseDesign(shape, tau, target);
          const needs = memoryNeeds(design);
          const fits =
            totalBlockRams(needs) <= target.resources.blockRams &&
            needs.sprams <= target.resources.sprams;
          expect(misfits.length === 0).toBe(fits);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('says which resource lacks, by how much, and what would make it fit', async () => {
    const failure = await failureOf(() => designFor(wide));
    expect(failure.kind).toBe('input');
    expect(failure.message).toMatch(
      /does not fit iCE40 UP5K-SG48 \(iCEBreaker\):\n {2}block RAM: \d+ needed of 30, \d+ too many/,
    );
    const width = Number(/architecture.width (\d+) fits/.exec(failure.next.join('\n'))?.[1]);
    designFor({ ...wide, architecture: { ...architecture, width } });
    await failureOf(() =>
      designFor({ ...wide, architecture: { ...architecture, width: width + 1 } }),
    );
  });

  it('names what its counters and small memories cannot hold', async () => {
    const failure = await failureOf(() =>
      designFor({ ...quickstart, image: { height: 28, width: 28, channels: 5 } }),
    );
    expect(failure.message).toContain('channels: 5 needed of 4, 1 too many (image)');
  });

  it('names a larger part where that is what it takes', async () => {
    const failure = await failureOf(() => designFor({ ...quickstart, target: 'ice40-hx8k' }));
    expect(failure.message).toContain('block RAM');
    expect(failure.next).toContain('device.target ice40-up5k (iCE40 UP5K-SG48) fits');
  });
});

describe('the cycle model', () => {
  it('adds up what a layer does, written out by hand', () => {
    const { design, plan } = designFor(quickstart);
    const cycles = stepCycles(plan, design);
    // The stem: 14 registers, 16 channels of three words against 112 words to clear, two cycles to
    // start; 9 taps gathered and 4 cycles on their way; 196 positions of 8 groups of 9 taps; then 2
    // products, the hand-over, 2 values and 11 cycles until the last bit is stored.
    expect(cycles[0]).toBe(14 + 113 + 2 + 9 + 4 + 196 * 8 * 9 + 2 + 1 + 2 + 11);
  });

  it('costs less with sub-bit weights: the 1-bit twin cannot read as many kernels a cycle', () => {
    const at = (tau: number) => {
      const { design, plan } = designFor({ ...quickstart, tau });
      return networkCycles(plan, design);
    };
    expect(at(5)).toBe(47705);
    expect(at(9)).toBeGreaterThan(at(5));
  });

  it('counts what lanes save', () => {
    const { design, plan } = designFor(quickstart);
    const small = { ...design, outputs: 1, inputs: 1 };
    const shape = layOut(architecture, quickstart.image, 10);
    expect(networkCycles(planNetwork(shape, small), small)).toBeGreaterThan(
      networkCycles(plan, design),
    );
  });
});
