import { expect, onTestFinished, test } from 'vitest';
import { inputScaling } from '../../src/data/prepare.js';
import { allOf, memorySource } from '../../src/data/source.js';
import { startWasmEngine } from '../../src/engine/wasm.js';
import type { Activations } from '../../src/model/trained.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/nn/checkpoint.js';
import type { TrainingState } from '../../src/nn/state.js';
import { calibrate, type Trainer, trainEpoch } from '../../src/nn/train.js';
import { barNetwork, bars } from '../support/shapes.js';
import { logitsOf } from '../support/sources.js';
import { quantized, startOf } from '../support/states.js';
import { plainRefinement, plainTraining } from '../support/training.js';

const images = bars(320, 7);
const source = memorySource(images);
const scaling = await inputScaling(source, 1);
const never = new AbortController().signal;
const ignore = () => {};

const usual = { activations: 'binary', tau: 4 } as const;

function trainerOf(
  threads: number,
  { activations, tau }: { readonly activations: Activations; readonly tau: number } = usual,
): Trainer {
  const setup = { shape: barNetwork, activations, scaling, threads };
  const engine = startWasmEngine(setup);
  onTestFinished(() => engine.close());
  return {
    shape: barNetwork,
    spec: {
      seed: 3,
      augment: { flip: false, shift: 1, crop: 1 },
      quantize: {
        tau,
        binarize: 'weights+activations',
        subset: { structure: 'free', sampling: 'uniform' },
        refine: { ...plainRefinement, period: 3 },
      },
      train: { ...plainTraining, epochs: 4, batch: 32, learningRate: 0.02, weightDecay: 1e-5 },
    },
    source,
    images: allOf(source),
    engine,
  };
}

async function train(trainer: Trainer, from: TrainingState, epochs: number) {
  let state = from;
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let loss = Number.NaN;
    const report = (progress: { loss: number }) => {
      loss = progress.loss;
    };
    state = await trainEpoch(trainer, state, report, never);
    losses.push(loss);
  }
  return { state, losses };
}

test('training learns what the images show, subsets included', async () => {
  const trainer = trainerOf(2);
  const start = startOf(barNetwork, 3);
  const { state, losses } = await train(trainer, start, 4);
  expect(losses[0]).toBeGreaterThan(0.6);
  expect(losses[3]).toBeLessThan(0.6 * losses[0]);

  for (const [name, { subset }] of state.subsets) {
    const sampled = start.subsets.get(name)?.subset.representatives;
    expect(subset.representatives).not.toEqual(sampled);
    expect(new Set(subset.representatives).size).toBe(16);
  }

  await calibrate(trainer, state, never);
  const parameters = quantized(barNetwork, state);
  const logits = await logitsOf(trainer, parameters, state.statistics);
  const isRight = Array.from(images.labels, (label, i) => {
    const row = [...logits.subarray(3 * i, 3 * i + 3)];
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(isRight.filter(Boolean).length / images.count).toBeGreaterThan(0.8);
});

test.each([
  ['the 1-bit twin', { ...usual, tau: 9 }],
  ['a network of binary weights and real activations', { ...usual, activations: 'real' as const }],
])('%s learns too', async (_, options) => {
  const { losses } = await train(trainerOf(2, options), startOf(barNetwork, 3, options), 2);
  expect(losses[1]).toBeLessThan(0.9 * losses[0]);
});

test('a run resumed from its checkpoint ends as the uninterrupted one, bit for bit', async () => {
  const trainer = trainerOf(2);
  const whole = await train(trainer, startOf(barNetwork, 3), 2);
  const half = await train(trainer, startOf(barNetwork, 3), 1);
  const checkpoint = Buffer.from(encodeCheckpoint(half.state));
  const resumed = await train(trainerOf(2), decodeCheckpoint(checkpoint, barNetwork), 1);
  expect(resumed.state).toEqual(whole.state);
  expect(encodeCheckpoint(resumed.state)).toEqual(encodeCheckpoint(whole.state));
  expect(resumed.losses[0]).toBe(whole.losses[1]);
});

test('an aborted epoch rejects with the reason, and the engine closes', async () => {
  const trainer = trainerOf(1);
  const abort = new AbortController();
  const reason = new Error('enough');
  let steps = 0;
  const report = () => {
    if (++steps === 2) abort.abort(reason);
  };
  const running = trainEpoch(trainer, startOf(barNetwork, 3), report, abort.signal);
  await expect(running).rejects.toBe(reason);
  expect(steps).toBe(2);
  await expect(calibrate(trainer, startOf(barNetwork, 3), abort.signal)).rejects.toBe(reason);
  await trainer.engine.close();
});

test('an engine that fails fails the epoch', async () => {
  const trainer = trainerOf(2);
  await trainer.engine.close();
  const running = trainEpoch(trainer, startOf(barNetwork, 3), ignore, never);
  await expect(running).rejects.toThrow('closed');
});
