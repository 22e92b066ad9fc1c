import { describe, expect, test } from 'vitest';
import { allOf } from '../../src/data/source.js';
import type { Engine, GradientResult } from '../../src/engine/engine.js';
import { layoutOf, view } from '../../src/nn/layout.js';
import { realState, type TrainingState } from '../../src/nn/state.js';
import {
  calibrate,
  type Trainer,
  type TrainingProgress,
  type TrainingSpec,
  trainEpoch,
} from '../../src/nn/train.js';
import { failureOf } from '../support/failure.js';
import { codeOf, signsOf } from '../support/kernels.js';
import { expectClose, normals } from '../support/numbers.js';
import { barNetwork as shape } from '../support/shapes.js';
import { logitsOf, numbered } from '../support/sources.js';
import { quantized, startOf } from '../support/states.js';
import { plainRefinement, plainTraining } from '../support/training.js';

const layout = layoutOf(shape);
const never = new AbortController().signal;
const block = 'stage0.block0';

const spec: TrainingSpec = {
  seed: 1,
  augment: { flip: false, shift: 0, crop: 1 },
  quantize: {
    tau: 4,
    binarize: 'weights+activations',
    subset: { structure: 'free', sampling: 'uniform' },
    refine: { ...plainRefinement, period: 3 },
  },
  train: { ...plainTraining, batch: 4, learningRate: 0.02, schedule: 'constant' },
};

/** An engine whose answers the test decides; it notes the images of every call. */
function scripted(
  answers: { gradients?: Float32Array; statistics?: (call: number) => number } = {},
) {
  const calls: number[][] = [];
  const statisticsOf = (call: number) =>
    new Float32Array(layout.statisticsSize).fill(answers.statistics?.(call) ?? 1);
  const engine: Engine = {
    inferenceBatch: 250,
    async gradients(_, { images }) {
      calls.push([...images]);
      const gradients = answers.gradients?.slice() ?? new Float32Array(layout.size);
      const statistics = statisticsOf(calls.length);
      return { loss: calls.length, correct: 3, gradients, statistics };
    },
    async statistics(_, { images }) {
      calls.push([...images]);
      return statisticsOf(calls.length);
    },
    async logits(_, __, { images }) {
      return Float32Array.from([...images].flatMap((image) => [image, 0, 0]));
    },
    async close() {},
  };
  return { engine, calls };
}

function trainerWith(engine: Engine, changes: Partial<TrainingSpec> = {}, images = 4): Trainer {
  const source = numbered(images);
  return { shape, spec: { ...spec, ...changes }, source, images: allOf(source), engine };
}

/** `epochs` epochs of one trainer; the state behind each. */
async function run(trainer: Trainer, start: TrainingState, epochs: number, members = membersOf) {
  const reports: TrainingProgress[] = [];
  const subsets: Uint16Array[] = [];
  let state = start;
  for (let epoch = 0; epoch < epochs; epoch++) {
    state = await trainEpoch(trainer, state, (progress) => reports.push(progress), never);
    subsets.push(members(state));
  }
  return { state, reports, subsets };
}

function membersOf(state: TrainingState): Uint16Array {
  const layer = state.subsets.get(block);
  if (!layer) throw new Error(`no subset of ${block}`);
  return layer.subset.representatives.slice();
}

describe('an epoch', () => {
  test('shows every image once, in another order each time, but for a last, smaller batch', async () => {
    const { engine, calls } = scripted();
    await run(trainerWith(engine, {}, 22), startOf(shape, 1), 2);
    expect(calls.map((images) => images.length)).toEqual(new Array(10).fill(4));
    const epochs = [calls.slice(0, 5).flat(), calls.slice(5).flat()];
    for (const images of epochs) {
      expect(new Set(images).size).toBe(20);
      expect(Math.max(...images)).toBeLessThan(22);
    }
    expect(epochs[0]).not.toEqual(epochs[1]);
    const again = scripted();
    await run(trainerWith(again.engine, {}, 22), startOf(shape, 1), 2);
    expect(again.calls).toEqual(calls);
  });

  test('reports the mean loss and accuracy so far', async () => {
    const { reports } = await run(trainerWith(scripted().engine, {}, 8), startOf(shape, 1), 1);
    expect(reports).toEqual([
      { epoch: 0, image: 4, images: 8, loss: 1, accuracy: 3 / 4 },
      { epoch: 0, image: 8, images: 8, loss: 1.5, accuracy: 6 / 8 },
    ]);
  });

  test('takes over the first statistics, later ones by a tenth', async () => {
    const { engine } = scripted({ statistics: (call) => 10 ** call });
    const { state } = await run(trainerWith(engine, {}, 12), startOf(shape, 1), 1);
    const expected = 0.9 * (0.9 * 10 + 0.1 * 100) + 0.1 * 1000;
    expectClose(state.statistics, new Array(layout.statisticsSize).fill(expected), 1e-6);
  });

  test('leaves latents behind |w| = 1 where they are', async () => {
    const { engine } = scripted({ gradients: new Float32Array(layout.size).fill(1) });
    const start = startOf(shape, 1);
    const latents = view(layout, start.parameters, `${block}.latent`);
    latents.set([1.5, -1.5, 1, -1, 0]);
    await run(trainerWith(engine), start, 1);
    expectClose(latents.subarray(0, 5), [1.5, -1.5, 0.98, -1.02, -0.02], 1e-6);
  });

  test('decays real weights, never latents, norms, shifts, slopes or biases', async () => {
    const { engine } = scripted();
    const start = startOf(shape, 1);
    const before = start.parameters.slice();
    const train = { ...spec.train, weightDecay: 0.1 };
    const { state } = await run(trainerWith(engine, { train }), start, 1);
    for (const { name, role, offset, size } of layout.parameters.values()) {
      for (let i = offset; i < offset + size; i++) {
        const move = Math.sign(state.parameters[i] - before[i]);
        if (role === 'weight') expect(move, name).toBe(-Math.sign(before[i]));
        else expect(state.parameters[i], name).toBe(before[i]);
      }
    }
  });

  test('AdamW decays by rate and weight alone, apart from the gradient', async () => {
    const { engine } = scripted();
    const start = startOf(shape, 1);
    const before = view(layout, start.parameters, 'stem.weight').slice();
    const train = { ...spec.train, optimizer: 'adamw', weightDecay: 0.1 } as const;
    const { state } = await run(trainerWith(engine, { train }), start, 1);
    const kept = 1 - 0.02 * 0.1;
    expectClose(
      view(layout, state.parameters, 'stem.weight'),
      [...before].map((w) => kept * w),
      1e-7,
    );
    const latents = view(layout, startOf(shape, 1).parameters, `${block}.latent`);
    expect(view(layout, state.parameters, `${block}.latent`)).toEqual(latents);
  });

  test('takes the learning rate from the schedule, over all epochs', async () => {
    const { engine } = scripted({ gradients: new Float32Array(layout.size).fill(1) });
    const train = { ...spec.train, epochs: 4, schedule: 'linear' } as const;
    const start = startOf(shape, 1);
    const bias = view(layout, start.parameters, 'classifier.bias');
    const { state } = await run(trainerWith(engine, { train }), start, 4);
    expectClose(bias, new Array(3).fill(-0.02 * (1 + 0.75 + 0.5 + 0.25)), 1e-6);
    expect(state.epoch).toBe(4);
  });
});

test('while pretraining, latents decay like all weights; norms, shifts, slopes and biases never', async () => {
  const { engine } = scripted();
  const start = realState(layout, { seed: 1, train: plainTraining });
  const before = start.parameters.slice();
  const train = { ...spec.train, weightDecay: 0.1 };
  const { state } = await run(trainerWith(engine, { train }), start, 1, () => new Uint16Array());
  for (const { name, role, offset, size } of layout.parameters.values()) {
    for (let i = offset; i < offset + size; i++) {
      const move = Math.sign(state.parameters[i] - before[i]);
      if (role === 'affine') expect(state.parameters[i], name).toBe(before[i]);
      else expect(move, name).toBe(-Math.sign(before[i]));
    }
  }
});

test.each(['adam', 'adamw', 'sgd'] as const)(
  'subset latents never decay by %s',
  async (optimizer) => {
    const { engine } = scripted();
    const start = startOf(shape, 1, { optimizer });
    const before = start.subsets.get(block)?.subset.latent.slice();
    const train = { ...spec.train, optimizer, weightDecay: 0.5 };
    const quantize = { ...spec.quantize, refine: { ...plainRefinement, period: 1 } };
    const { state } = await run(trainerWith(engine, { train, quantize }), start, 3);
    const layer = state.subsets.get(block);
    expect(layer?.optimizer.steps).toBe(3);
    expect(layer?.subset.latent).toEqual(before);
  },
);

test('real weights take their whole gradient, and decay', async () => {
  const gradients = new Float32Array(layout.size);
  const places = layout.parameters.get(`${block}.latent`);
  if (!places) throw new Error('no latents');
  gradients.fill(1, places.offset, places.offset + places.size);
  const { engine } = scripted({ gradients });
  const start = realState(layout, { seed: 1, train: { optimizer: 'sgd', momentum: 0 } });
  const weights = view(layout, start.parameters, `${block}.latent`);
  weights.set([1.5, -1.5, 0]);
  const train = { ...spec.train, optimizer: 'sgd', momentum: 0, weightDecay: 0.1 } as const;
  const { state } = await run(trainerWith(engine, { train }), start, 1, () => new Uint16Array());
  const after = view(layout, state.parameters, `${block}.latent`);
  const expected = [1.5, -1.5, 0].map((w) => w - 0.02 * (1 + 0.1 * w));
  expectClose(after.subarray(0, 3), expected, 1e-6);
});

describe('refinement', () => {
  /** Gradients that ask one element of every kernel that chose `member` for the other sign. */
  function gradientsAgainst(start: TrainingState, member: number, element: number) {
    quantized(shape, start);
    const layer = start.subsets.get(block);
    if (!layer) throw new Error(`no subset of ${block}`);
    const sign = signsOf(layer.subset.representatives[member])[element];
    const gradients = new Float32Array(layout.size);
    const weights = view(layout, gradients, `${block}.latent`);
    const { input, output } = shape.blocks[0].conv;
    layer.indices.forEach((index, pair) => {
      const [o, c] = [Math.floor(pair / input.channels), pair % input.channels];
      const at = (element * input.channels + c) * output.channels + o;
      if (index === member) weights[at] = sign;
    });
    return gradients;
  }

  /** A member and an element such that flipping it gives no kernel that is there already. */
  function flippable(members: Uint16Array) {
    const member = members.findIndex((code) => !members.includes(code ^ 16));
    return { member, element: 4, flipped: members[member] ^ 16 };
  }

  test('flips what gradients ask for, on every period-th step only', async () => {
    const start = startOf(shape, 1);
    const latents = view(layout, start.parameters, `${block}.latent`);
    // Far from zero, so that no kernel changes its member within the few steps.
    for (let i = 0; i < latents.length; i++) latents[i] *= 50;
    const sampled = membersOf(start);
    const { member, element, flipped } = flippable(sampled);
    const { engine } = scripted({ gradients: gradientsAgainst(start, member, element) });
    const { subsets } = await run(trainerWith(engine), start, 3);
    const expected = sampled.slice();
    expected[member] = flipped;
    expect(subsets).toEqual([sampled, sampled, expected]);
  });

  test('counts its steps over epochs, and changes nothing while gradients are zero', async () => {
    const start = startOf(shape, 1);
    const { state, subsets } = await run(trainerWith(scripted().engine, {}, 8), start, 4);
    expect(state.subsets.get(block)?.optimizer.steps).toBe(2);
    expect(subsets.at(-1)).toEqual(membersOf(start));
  });

  test.each([
    ['when it is off', { ...spec.quantize, refine: false as const }, 4],
    ['of the whole space', { ...spec.quantize, tau: 9 }, 9],
  ])('does not happen %s', async (_, quantize, tau) => {
    const start = startOf(shape, 1, { tau });
    const sampled = membersOf(start);
    const { engine } = scripted({ gradients: normals(layout.size, 4) });
    const { state } = await run(trainerWith(engine, { quantize }), start, 6);
    expect(membersOf(state)).toEqual(sampled);
    expect(state.subsets.get(block)?.optimizer.steps).toBe(0);
  });

  test('starts anew the optimiser of a member that came to coincide with another', async () => {
    const quantize = { ...spec.quantize, refine: { ...plainRefinement, period: 1 } };
    const start = startOf(shape, 1, { tau: 7 });
    const sampled = membersOf(start);
    const later = sampled.findIndex((code, i) => sampled.subarray(0, i).includes(code ^ 16));
    const { engine } = scripted({ gradients: gradientsAgainst(start, later, 4) });
    const { state, subsets } = await run(trainerWith(engine, { quantize }), start, 1);
    expect(sampled).not.toContain(subsets[0][later]);
    const moments = state.subsets.get(block)?.optimizer.moments ?? [];
    expect(moments).toHaveLength(2);
    for (const moment of moments) {
      expect(moment.subarray(9 * later, 9 * later + 9)).toEqual(new Float32Array(9));
    }
  });

  test('replaces it by the most wanted of the kernels outside, if the spec says so', async () => {
    const refine = { ...plainRefinement, period: 1, replace: 'most-wanted' } as const;
    const quantize = { ...spec.quantize, refine };
    const start = startOf(shape, 1, { tau: 7 });
    const sampled = membersOf(start);
    const later = sampled.findIndex((code, i) => sampled.subarray(0, i).includes(code ^ 16));
    const latents = view(layout, start.parameters, `${block}.latent`);
    const uses = new Array<number>(512).fill(0);
    for (let from = 0; from < latents.length; from += 9) {
      uses[codeOf([...latents.subarray(from, from + 9)])]++;
    }
    const outside = uses.map((count, code) => (sampled.includes(code) ? -1 : count));
    const { engine } = scripted({ gradients: gradientsAgainst(start, later, 4) });
    const { subsets } = await run(trainerWith(engine, { quantize }), start, 1);
    expect(subsets[0][later]).toBe(outside.indexOf(Math.max(...outside)));
  });

  test('is done by the optimiser of the spec', async () => {
    const train = { ...spec.train, optimizer: 'sgd', momentum: 0 } as const;
    const quantize = { ...spec.quantize, refine: { ...plainRefinement, period: 1 } };
    const start = startOf(shape, 1, { optimizer: 'sgd' });
    const before = start.subsets.get(block)?.subset.latent.slice() ?? [];
    const gradients = gradientsAgainst(start, 2, 4);
    const chosen = start.subsets.get(block)?.indices.filter((index) => index === 2).length ?? 0;
    const sign = Math.sign(gradients.find((g) => g !== 0) ?? 0);
    const { engine } = scripted({ gradients });
    const { state } = await run(trainerWith(engine, { train, quantize }), start, 1);
    const expected = [...before];
    expected[2 * 9 + 4] = Math.fround(expected[2 * 9 + 4] - 0.02 * sign * chosen);
    expectClose(state.subsets.get(block)?.subset.latent ?? [], expected, 1e-6);
  });

  test('by latents, a member takes the signs of the mean of those that chose it', async () => {
    const refine = { ...plainRefinement, period: 1, by: 'latents' } as const;
    const quantize = { ...spec.quantize, refine };
    const start = startOf(shape, 1);
    const latents = view(layout, start.parameters, `${block}.latent`);
    for (let i = 0; i < latents.length; i++) latents[i] *= 50;
    quantized(shape, start);
    const indices = start.subsets.get(block)?.indices.slice() ?? new Uint16Array();
    const sampled = membersOf(start);
    const { subsets } = await run(trainerWith(scripted().engine, { quantize }), start, 1);
    const wanted = [...sampled].map((code, member) => {
      const chosen = [...indices.keys()].filter((kernel) => indices[kernel] === member);
      const sums = Array.from({ length: 9 }, (_, j) =>
        chosen.reduce((sum, kernel) => sum + latents[9 * kernel + j], 0),
      );
      return chosen.length === 0 ? code : codeOf(sums);
    });
    expect(wanted).not.toEqual([...sampled]);
    // Where two members come to the same kernel, the later one is replaced.
    wanted.forEach((code, member) => {
      if (wanted.indexOf(code) === member) expect(subsets[0][member]).toBe(code);
      else expect(wanted).not.toContain(subsets[0][member]);
    });
  });

  test('keeps 2^tau distinct members under any gradients', async () => {
    const quantize = { ...spec.quantize, refine: { ...plainRefinement, period: 1 } };
    const { engine } = scripted({ gradients: normals(layout.size, 4) });
    const start = startOf(shape, 1, { tau: 7 });
    const { subsets } = await run(trainerWith(engine, { quantize }), start, 20);
    for (const members of subsets) expect(new Set(members).size).toBe(128);
    expect(subsets.at(-1)).not.toEqual(subsets[0]);
  });
});

describe('a run that diverges stops at that step and names where it began', () => {
  /** Runs two epochs of two steps; from the second epoch on, `spoil` has a go at every step. */
  async function failureWith(
    spoil: (found: GradientResult) => Partial<GradientResult>,
    train: Partial<TrainingSpec['train']> = {},
  ) {
    const { engine, calls } = scripted();
    const spoiled: Engine = {
      ...engine,
      async gradients(...args) {
        const found = await engine.gradients(...args);
        return calls.length < 4 ? found : { ...found, ...spoil(found) };
      },
    };
    const changes = { train: { ...spec.train, ...train } };
    const trainer = trainerWith(spoiled, changes, 8);
    const failure = await failureOf(() => run(trainer, startOf(shape, 1), 3));
    expect(calls).toHaveLength(4);
    return failure;
  }

  const withNaN = (values: Float32Array, at: number) => {
    const broken = values.slice();
    broken[at] = Number.NaN;
    return broken;
  };
  const placeOf = (name: string) => layout.parameters.get(name)?.offset ?? Number.NaN;

  test('the loss', async () => {
    const failure = await failureWith(() => ({ loss: Number.POSITIVE_INFINITY }));
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain('epoch 2, step 2: the loss');
    expect(failure.next.join('; ')).toMatch(/learningRate.*0\.02.*warmup.*behind epoch 1/);
  });

  test('the first layer of the forward pass, when everything behind it is spoilt too', async () => {
    const { meanOffset } = layout.norms.get(`${block}.norm`) ?? { meanOffset: Number.NaN };
    const failure = await failureWith(({ statistics, gradients }) => ({
      loss: Number.NaN,
      statistics: statistics.map((value, i) => (i < meanOffset ? value : Number.NaN)),
      gradients: gradients.fill(Number.NaN),
    }));
    expect(failure.message).toContain(`the input of ${block}.norm`);
  });

  test('the parameter nearest to the loss, when gradients are', async () => {
    const [early, late] = [placeOf('stem.weight'), placeOf(`${block}.slope`)];
    const failure = await failureWith(({ gradients }) => ({
      gradients: withNaN(withNaN(gradients, early), late),
    }));
    expect(failure.message).toContain(`the gradient of ${block}.slope`);
  });

  test('while pretraining, pointing at its settings', async () => {
    const { engine } = scripted({ gradients: new Float32Array(layout.size).fill(Number.NaN) });
    const start = realState(layout, { seed: 1, train: plainTraining });
    const trainer = { ...trainerWith(engine), field: 'train.pretrain' } as const;
    const failure = await failureOf(() => run(trainer, start, 1));
    expect(failure.next.join('; ')).toMatch(
      /train\.pretrain\.learningRate.*train\.pretrain\.warmup/,
    );
  });

  test('a parameter that a step has thrown out of range', async () => {
    const huge = new Float32Array(layout.size);
    huge[placeOf('classifier.bias')] = 3e38;
    const failure = await failureWith(() => ({ gradients: huge }), {
      optimizer: 'sgd',
      learningRate: 10,
      warmup: 0.5,
    });
    expect(failure.message).toContain('the parameter classifier.bias');
    expect(failure.next.join('; ')).toContain('train.warmup is 0.5');
  });
});

test('calibration takes the mean of the statistics of whole batches', async () => {
  const { engine, calls } = scripted({ statistics: (call) => 10 ** call });
  const state = startOf(shape, 1);
  state.statistics.fill(77);
  await calibrate(trainerWith(engine, {}, 11), state, never);
  expect(calls.map((images) => images.length)).toEqual([4, 4]);
  expect(new Set(calls.flat()).size).toBe(8);
  expectClose(state.statistics, new Array(layout.statisticsSize).fill(55), 1e-6);
});

test('inference goes through all images in order, whatever their number', async () => {
  const { engine } = scripted();
  const of = { engine, source: numbered(603) };
  const logits = await logitsOf(of, new Float32Array(), new Float32Array());
  expect([...logits]).toEqual(Array.from({ length: 603 }, (_, image) => [image, 0, 0]).flat());
});
