import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  planResponseLayers,
  type ResponseDesign,
  responseCycles,
  responseLayout,
  responseParameters,
} from '../../src/fpga/layers/response.js';
import { simulateEngine } from '../../src/fpga/layers/simulate.js';
import { buildSimulator } from '../../src/fpga/tools/verilator.js';
import type { ConvShape } from '../../src/model/network.js';
import { complement } from '../../src/subbit/kernels.js';
import { stream } from '../../src/util/random.js';
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

/** More outputs than members, fewer, edges that fill no tile, channels that fill no group. */
const layers: ConvShape[] = [
  convShape(8, 40, 6, 9, 1),
  convShape(8, 4, 7, 15, 1),
  convShape(16, 24, 9, 17, 2),
  convShape(3, 7, 5, 9, 1),
  convShape(1, 1, 1, 1, 1),
  convShape(13, 10, 4, 4, 2),
];

const free: ResponseDesign = {
  pixels: 7,
  outputs: 2,
  inputs: 8,
  tau: 4,
  structure: 'free',
  countBits: 8,
  activationDepth: 256,
  weightDepth: 512,
  groups: 32,
};

const cases: { title: string; design: ResponseDesign; patient: boolean }[] = [
  { title: 'free subsets of tau 4', design: free, patient: true },
  {
    title: 'antipodal subsets of tau 3, results accepted now and then',
    design: {
      ...free,
      pixels: 3,
      outputs: 3,
      inputs: 5,
      tau: 3,
      structure: 'antipodal',
    },
    patient: false,
  },
];

/** An antipodal subset's indices name complements by their top bit. */
function antipodalWeights(conv: ConvShape, tau: number, seed: number) {
  const { members, indices } = randomWeights(conv, tau, seed);
  const half = 2 ** (tau - 1);
  const random = stream(seed, 'halves');
  const kept = new Set<number>();
  while (kept.size < half) kept.add(random.below(256));
  const first = [...kept];
  const whole = Uint16Array.from([...first, ...first.map(complement)]);
  expect(whole).toHaveLength(members.length);
  return { members: whole, indices };
}

describe.skipIf(!canSimulate)(`the response engine ${simulated}`, () => {
  const folder = temporaryFolder();

  it.each(cases)(
    '$title: every bit, and every cycle unless it waits',
    async ({ design, patient }) => {
      const named = layers.map((conv, i) => ({ name: `layer${i}`, conv }));
      const plans = planResponseLayers(named, design);
      const weighted = plans.map((plan, i) => ({
        plan,
        weights: (design.structure === 'free' ? randomWeights : antipodalWeights)(
          plan.conv,
          design.tau,
          i,
        ),
      }));
      const source = {
        top: 'subbit_response_engine',
        parameters: responseParameters(design),
        harness: 'engine.cpp',
        defines: {
          RESPONSE: 1,
          PATIENT: patient ? 1 : 0,
          COUNTS: design.pixels * design.outputs,
          COUNT_BITS: design.countBits,
        },
      };
      const context = quiet(folder);
      const program = await buildSimulator(source, join(folder, `tau${design.tau}`), context);
      const jobs = [0, 1].flatMap((image) =>
        plans.map((plan, layer) => ({ layer, bits: randomBits(plan.conv, 100 * image + layer) })),
      );
      const layout = responseLayout(design);
      const outcomes = await simulateEngine(program, layout, weighted, jobs, context.signal);

      let waited = 0;
      for (const [i, { layer, bits }] of jobs.entries()) {
        const { plan, weights } = weighted[layer];
        const expected = convolution(plan.conv, weights, bits);
        expect(outcomes[i].accumulators, `${plan.name} of job ${i}`).toEqual(expected);
        const [cycles] = outcomes[i].cycles;
        const least = responseCycles(plan, design);
        waited += cycles - least;
        expect(cycles, `cycles of ${plan.name}`).toBeGreaterThanOrEqual(least);
      }
      if (patient) expect(waited).toBe(0);
      else expect(waited).toBeGreaterThan(0);
    },
    buildTimeout,
  );
});
