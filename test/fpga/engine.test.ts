import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { passCycles } from '../../src/fpga/layers/cycles.js';
import type { EngineDesign } from '../../src/fpga/layers/design.js';
import { planLayers } from '../../src/fpga/layers/plan.js';
import { buildEngine, simulateLayers } from '../../src/fpga/layers/simulate.js';
import type { ConvShape } from '../../src/model/network.js';
import {
  buildTimeout,
  canSimulate,
  convolution,
  convShape,
  quiet,
  randomBits,
  randomWeights,
  simulated,
  temporaryFolder,
} from './support.js';

const quickstart: ConvShape[] = [
  convShape(16, 16, 14, 14, 1),
  convShape(16, 16, 14, 14, 1),
  convShape(16, 32, 14, 14, 2),
  convShape(32, 32, 7, 7, 1),
  convShape(32, 64, 7, 7, 2),
  convShape(64, 64, 4, 4, 1),
];

/** Shapes that meet every edge: one pixel, odd sizes, channels that fill no group, one input group. */
const odd: ConvShape[] = [
  convShape(1, 1, 1, 1, 1),
  convShape(1, 5, 3, 2, 2),
  convShape(3, 7, 5, 9, 1),
  convShape(5, 4, 9, 17, 2),
  convShape(2, 3, 6, 33, 1),
  convShape(7, 6, 2, 29, 2),
];

const cases: { title: string; design: EngineDesign; layers: ConvShape[] }[] = [
  {
    title: 'tau 5, 7 x 4 x 2: the quickstart network',
    design: {
      pixels: 7,
      outputs: 4,
      inputs: 2,
      tau: 5,
      countBits: 10,
      activationDepth: 256,
      weightDepth: 16384,
      weightHuge: true,
      resultDepth: 256,
    },
    layers: [...quickstart, ...odd],
  },
  {
    title: 'tau 9 (1 bit), 4 x 3 x 1',
    design: {
      pixels: 4,
      outputs: 3,
      inputs: 1,
      tau: 9,
      countBits: 8,
      activationDepth: 64,
      weightDepth: 256,
      weightHuge: false,
      resultDepth: 128,
    },
    layers: odd,
  },
  {
    title: 'tau 1, 1 x 2 x 3: fewer index bits than a member has',
    design: {
      pixels: 1,
      outputs: 2,
      inputs: 3,
      tau: 1,
      countBits: 7,
      activationDepth: 64,
      weightDepth: 512,
      weightHuge: false,
      resultDepth: 256,
    },
    layers: odd,
  },
];

describe.skipIf(!canSimulate)(`the engine ${simulated}`, () => {
  const folder = temporaryFolder();

  it.each(cases)(
    '$title: every bit and every cycle',
    async ({ design, layers }) => {
      const plans = planLayers(
        layers.map((conv, i) => ({ name: `layer${i}`, conv })),
        design,
      );
      const weighted = plans.map((plan, i) => ({
        plan,
        weights: randomWeights(plan.conv, design.tau, i),
      }));
      const context = quiet(folder);
      const program = await buildEngine(design, true, join(folder, `tau${design.tau}`), context);
      const jobs = [0, 1].flatMap((image) =>
        plans.map((plan, layer) => ({ layer, bits: randomBits(plan.conv, 100 * image + layer) })),
      );
      const outcomes = await simulateLayers(program, design, weighted, jobs, context.signal);

      for (const [i, { layer, bits }] of jobs.entries()) {
        const { plan, weights } = weighted[layer];
        const expected = convolution(plan.conv, weights, bits);
        expect(outcomes[i].accumulators, `${plan.name} of job ${i}`).toEqual(expected);
        const cycles = plan.passes.map((pass) => passCycles(plan.tiling, pass, design));
        expect(outcomes[i].cycles, `cycles of ${plan.name}`).toEqual(cycles);
      }
    },
    buildTimeout,
  );
});
