import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepCycles } from '../../src/fpga/cycles.js';
import type { Design } from '../../src/fpga/design.js';
import { planNetwork } from '../../src/fpga/plan.js';
import { buildAccelerator, simulateNetwork } from '../../src/fpga/simulate.js';
import {
  type Architecture,
  layOut,
  type MapShape,
  type NetworkShape,
} from '../../src/model/network.js';
import { referenceTrace } from '../../src/model/reference.js';
import { firstDifference } from '../../src/model/trace.js';
import { type ModelPlan, modelPlans, randomImages, randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { buildTimeout, canSimulate, quiet, simulated, temporaryFolder } from './support.js';

const stem3 = { kernel: 3, stride: 1, pool: false } as const;
const large: [Architecture, MapShape, number][] = [
  // The quickstart network.
  [
    { family: 'bireal', stages: [2, 2, 2], width: 16, stem: { ...stem3, stride: 2 } },
    { height: 28, width: 28, channels: 1 },
    10,
  ],
  // Segments beside each other, at both strides.
  [
    { family: 'bireal', stages: [2, 2], width: 5, stem: stem3 },
    { height: 5, width: 45, channels: 3 },
    4,
  ],
  [
    { family: 'vgg', stages: [1, 1], width: 6, stem: stem3 },
    { height: 4, width: 31, channels: 2 },
    3,
  ],
  // The stem of large images.
  [
    { family: 'bireal', stages: [1], width: 8, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 24, width: 37, channels: 3 },
    5,
  ],
];

const designs: { title: string; design: Design; random: number }[] = [
  {
    title: 'tau 5, 7 x 2 x 2',
    design: {
      ...{ pixels: 7, outputs: 2, inputs: 2, tau: 5, countBits: 11, activationDepth: 512 },
      ...{ weightDepth: 16384, mapDepth: 16384, huge: true },
    },
    random: 16,
  },
  {
    title: 'tau 9 (1 bit), 3 x 3 x 1',
    design: {
      ...{ pixels: 3, outputs: 3, inputs: 1, tau: 9, countBits: 11, activationDepth: 2048 },
      ...{ weightDepth: 32768, mapDepth: 8192, huge: false },
    },
    random: 10,
  },
];

function planOf(shape: NetworkShape, seed: number, tau: number): ModelPlan {
  const taus = shape.blocks.map(() => tau);
  return { seed, mood: 'packed', shape, taus, structures: taus.map(() => 'free') };
}

describe('a simulator that fails', () => {
  const { signal } = new AbortController();
  const [{ design }] = designs;
  const [[architecture, image, classes]] = large;
  const shape = layOut(architecture, image, classes);
  const model = randomModel(planOf(shape, 1, 5));
  const subject = { model, plan: planNetwork(shape, design), design };
  const run = (program: string) =>
    simulateNetwork(program, subject, [randomImages(shape, 1, 1)], [0], signal);

  it('is told with its exit code, though it never read what it was sent', async () => {
    const failure = await failureOf(() => run('/bin/false'));
    expect(failure.kind).toBe('tool');
    expect(failure.message).toContain('exit code 1');
  });

  it('is told when it cannot start or answers too little', async () => {
    expect((await failureOf(() => run('/no/sim'))).message).toContain('ENOENT');
    const silent = failureOf(() => run('/bin/true'));
    expect((await silent).message).toContain('answered 0 bytes, too few');
  });
});

describe.skipIf(!canSimulate)(`the whole network ${simulated}`, () => {
  const folder = temporaryFolder();

  it.each(designs)(
    '$title: every value of every map',
    async ({ title, design, random }) => {
      const { signal, ...context } = quiet(folder);
      const name = title.replace(/\W+/g, '-');
      const program = await buildAccelerator(design, join(folder, name), {
        signal,
        ...context,
      });
      const plans = [
        ...large.map(([architecture, image, classes], seed) =>
          planOf(layOut(architecture, image, classes), seed, design.tau),
        ),
        ...fc.sample(modelPlans, { numRuns: random, seed: 7 }),
      ];
      for (const plan of plans) {
        const taus = plan.taus.map((tau) => Math.min(tau, design.tau));
        await check(program, design, { ...plan, taus }, signal);
      }
    },
    2 * buildTimeout,
  );
});

async function check(program: string, design: Design, drawn: ModelPlan, signal: AbortSignal) {
  const { shape, seed } = drawn;
  const model = randomModel(drawn);
  const plan = planNetwork(shape, design);
  expect(plan.weightWords).toBeLessThanOrEqual(design.weightDepth);
  expect(plan.activationWords).toBeLessThanOrEqual(design.activationDepth);
  const image = randomImages(shape, 1, seed);
  const probes = plan.steps.map((_, i) => i);
  const subject = { model, plan, design };
  const [outcome] = await simulateNetwork(program, subject, [image], probes, signal);

  const expected = new Map(referenceTrace(model, image).map((map) => [map.name, map]));
  const compared = outcome.maps.filter(({ name }) => name !== 'stem.all');
  const wanted = compared.map(({ name }) => expected.get(name));
  expect(wanted).not.toContain(undefined);
  const difference = firstDifference(
    wanted.flatMap((map) => map ?? []),
    compared,
  );
  const cycles = stepCycles(plan, design);
  const modelled = cycles.map((_, i) => cycles.slice(0, i + 1).reduce((sum, n) => sum + n, 0));
  expect(modelled, JSON.stringify(drawn)).toEqual(outcome.cycles);
  expect(difference, JSON.stringify({ ...drawn, words: plan.weightWords })).toBeNull();
}
