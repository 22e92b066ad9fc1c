import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryLayers, designFor, type FitQuestion } from '../../src/fpga/advice.js';
import { imageCycles, layerCycles } from '../../src/fpga/cycles.js';
import { chooseDesign } from '../../src/fpga/fit.js';
import { memoryNeeds, totalBlockRams } from '../../src/fpga/memory.js';
import { planLayers } from '../../src/fpga/plan.js';
import { fpgaTargets } from '../../src/fpga/targets.js';
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
  tau: 5,
  target: 'ice40-up5k',
};
const wide = { ...quickstart, architecture: { ...architecture, width: 64 } };

describe('the design for a network', () => {
  it('is 56 lanes for the quickstart on the UP5K, every weight on chip', () => {
    const { design, plans } = designFor(quickstart);
    expect(design).toMatchObject({ pixels: 7, outputs: 4, inputs: 2, tau: 5, countBits: 10 });
    expect(memoryNeeds(design)).toEqual({
      blockRams: { subsets: 8, activations: 6, results: 5, weights: 0, frame: 1 },
      sprams: 3,
    });
    // 8192 kernels, 8 a word, and six subsets of 32 members.
    expect(plans.reduce((sum, plan) => sum + plan.weightWords, 0)).toBe(8192 / 8 + 6 * 32);
  });

  it('gives layers disjoint weights and passes that cover every row once', () => {
    const shapes = fc.record({
      width: fc.integer({ min: 1, max: 24 }),
      stages: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      height: fc.integer({ min: 1, max: 40 }),
      columns: fc.integer({ min: 1, max: 40 }),
      tau: fc.integer({ min: 1, max: 9 }),
      target: fc.constantFrom('ice40-up5k' as const, 'ice40-hx8k' as const),
    });
    fc.assert(
      fc.property(shapes, ({ width, stages, height, columns, tau, target }) => {
        const image = { height, width: columns, channels: 1 };
        const layers = binaryLayers({ ...architecture, width, stages }, image);
        const { design, plans } = chooseDesign(layers, tau, fpgaTargets[target]);
        let free = 0;
        for (const { weightBase, weightWords, conv, passes, ...plan } of plans) {
          expect(weightBase).toBe(free);
          free += weightWords;
          const rows = passes.flatMap(({ firstRow, rows }) =>
            Array.from({ length: rows }, (_, i) => firstRow + i),
          );
          expect(rows).toEqual([...Array(conv.output.height).keys()]);
          for (const pass of passes) {
            expect(pass.rows * plan.activationWordsPerRow).toBeLessThanOrEqual(
              design.activationDepth,
            );
            expect(pass.rows * plan.resultWordsPerRow).toBeLessThanOrEqual(design.resultDepth);
          }
        }
        expect(free).toBeLessThanOrEqual(design.weightDepth);
      }),
    );
  });

  it('never takes more memory than the part has, or says so', () => {
    const taus = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), taus, (width, tau) => {
        const layers = binaryLayers({ ...architecture, width }, quickstart.image);
        for (const target of Object.values(fpgaTargets)) {
          const { design, misfits } = chooseDesign(layers, tau, target);
          const needs = memoryNeeds(design);
          const fits =
            totalBlockRams(needs) <= target.resources.blockRams &&
            needs.sprams <= target.resources.sprams;
          expect(misfits.length === 0).toBe(fits);
        }
      }),
    );
  });

  it('says which resource lacks, by how much, and what would make it fit', async () => {
    const failure = await failureOf(() => designFor({ ...wide, tau: 8 }));
    expect(failure.kind).toBe('input');
    expect(failure.message).toMatch(
      /does not fit iCE40 UP5K-SG48 \(iCEBreaker\):\n {2}SPRAM: 6 needed of 4, 2 too many \(weights: \d+ words of 48 bits\)/,
    );
    expect(failure.next).toContain('quantize.tau 5 fits');
    const width = Number(/architecture.width (\d+) fits/.exec(failure.next.join('\n'))?.[1]);
    designFor({ ...wide, tau: 8, architecture: { ...architecture, width } });
    await failureOf(() =>
      designFor({ ...wide, tau: 8, architecture: { ...architecture, width: width + 1 } }),
    );
  });

  it('names a larger part where that is what it takes', async () => {
    const failure = await failureOf(() =>
      designFor({
        ...quickstart,
        architecture: { ...architecture, width: 32 },
        target: 'ice40-hx8k',
      }),
    );
    expect(failure.message).toContain('block RAM');
    expect(failure.next).toContain('device.target ice40-up5k (iCE40 UP5K-SG48) fits');
  });
});

describe('the cycle model', () => {
  it('is the sum of what its formula says, written out for one layer by hand', () => {
    // 16 -> 16 channels on 14 x 14: 8 + 6 rows, 2 tiles, 4 output groups of 8 input groups each.
    const { design, plans } = designFor(quickstart);
    const pass = (rows: number) => 32 + (rows * 2 * 4 - 1) * 8 + 8 + 4 + 4;
    expect(layerCycles(plans[0], design)).toBe(pass(8) + pass(6));
  });

  it('costs less with sub-bit weights: the 1-bit twin cannot read as many kernels a cycle', () => {
    const at = (tau: number) => {
      const { design, plans } = designFor({ ...quickstart, tau });
      return imageCycles(plans, design);
    };
    expect(at(5)).toBe(6528);
    expect(at(9)).toBe(8830);
  });

  it('counts what the memories cost: smaller results mean more passes', () => {
    const { design, plans } = designFor(quickstart);
    const small = { ...design, resultDepth: 64 };
    const cut = planLayers(plans, small);
    expect(cut[0].passes).toHaveLength(7);
    expect(imageCycles(cut, small)).toBeGreaterThan(imageCycles(plans, design));
  });
});
