import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { inputScaling } from '../../src/data/prepare.js';
import type { Engine, EngineSetup } from '../../src/engine/engine.js';
import { startWasmEngine } from '../../src/engine/wasm.js';
import { inferAll } from '../../src/nn/train.js';
import { expectClose } from '../support/numbers.js';
import { barNetwork, bars } from '../support/shapes.js';
import { midwayOf, quantized } from '../support/states.js';

const images = bars(40, 1);
const scaling = inputScaling(images);
const moment = { augment: { flip: false, shift: 0, crop: 1 }, seed: 1, epoch: 0 };
const state = midwayOf(barNetwork, 5);
const parameters = quantized(barNetwork, state);
const statistics = state.statistics.map((value) => 0.5 + Math.abs(value));

function engineOf(threads: number, changes: Partial<EngineSetup> = {}): Engine {
  const setup = { shape: barNetwork, activations: 'binary', scaling, images, threads } as const;
  return startWasmEngine({ ...setup, ...changes });
}

const [one, two] = [engineOf(1), engineOf(2)];
afterAll(() => Promise.all([one.close(), two.close()]));

/** An engine of the running test's own. */
function start(threads: number, changes: Partial<EngineSetup> = {}): Engine {
  const engine = engineOf(threads, changes);
  onTestFinished(() => engine.close());
  return engine;
}

const range = (from: number, to: number) =>
  Uint32Array.from({ length: to - from }, (_, i) => from + i);

describe('an engine of two threads', () => {
  test.each([
    ['two equal shards', 8, 4],
    ['two shards that differ by one', 7, 3],
    ['a shard of one image and an idle thread', 1, 0],
  ])('gives the mean of what one thread gives for %s', async (_, count, cut) => {
    const batch = range(3, 3 + count);
    const parts = [batch.slice(0, cut), batch.slice(cut)].filter((part) => part.length > 0);
    const found = await two.gradients(parameters, batch, moment);
    const sum = { loss: 0, correct: 0 };
    const gradients = new Float64Array(parameters.length);
    const means = new Float64Array(statistics.length);
    for (const part of parts) {
      const own = await one.gradients(parameters, part, moment);
      const share = part.length / count;
      sum.loss += share * own.loss;
      sum.correct += own.correct;
      own.gradients.forEach((g, i) => {
        gradients[i] += share * g;
      });
      own.statistics.forEach((value, i) => {
        means[i] += share * value;
      });
      expect(await one.statistics(parameters, part)).toEqual(own.statistics);
    }
    expect(found.loss).toBeCloseTo(sum.loss, 10);
    expect(found.correct).toBe(sum.correct);
    expectClose(found.gradients, gradients, 1e-6);
    expectClose(found.statistics, means, 1e-6);
    expectClose(await two.statistics(parameters, batch), means, 1e-6);
  });

  test('gives the logits of every image, in order', async () => {
    const order = Uint32Array.of(30, 2, 17, 5, 8);
    const all = await inferAll(
      one,
      parameters,
      statistics,
      images.count,
      new AbortController().signal,
    );
    const expected = [...order].flatMap((image) => [...all.subarray(3 * image, 3 * image + 3)]);
    expectClose(await two.logits(parameters, statistics, order), expected, 1e-5);
  });
});

test('two engines of the same number of threads agree bit for bit', async () => {
  const batch = range(0, 37);
  const found = await two.gradients(parameters, batch, moment);
  expect(await start(2).gradients(parameters, batch, moment)).toEqual(found);
  expect(await two.gradients(parameters, batch, moment)).toEqual(found);
});

test('images are augmented by the moment: another epoch, another gradient', async () => {
  const at = async (epoch: number, shift: number) => {
    const augment = { flip: false, shift, crop: 1 };
    return (await one.gradients(parameters, range(0, 8), { ...moment, augment, epoch })).loss;
  };
  expect(await at(0, 2)).toBe(await at(0, 2));
  expect(await at(1, 2)).not.toBe(await at(0, 2));
  expect(await at(1, 0)).toBe(await at(0, 0));
});

test('weights-only networks see real activations', async () => {
  const batch = range(0, 8);
  const real = await start(1, { activations: 'real' }).gradients(parameters, batch, moment);
  const binary = await one.gradients(parameters, batch, moment);
  expect(real.loss).not.toBeCloseTo(binary.loss, 3);
});

describe('a failing thread', () => {
  const mismatched = { images: { ...images, shape: { height: 4, width: 16, channels: 2 } } };

  test('tells its error to the caller, and to every caller after it', async () => {
    const engine = start(2, mismatched);
    const ask = () => engine.gradients(parameters, range(0, 8), moment);
    await expect(ask()).rejects.toThrow(/shape/i);
    await expect(ask()).rejects.toThrow(/shape/i);
    await expect(engine.statistics(parameters, range(0, 1))).rejects.toThrow(/shape/i);
    await engine.close();
  });
});

test('a closed engine rejects the running call and every later one', async () => {
  const engine = start(2);
  const running = engine.gradients(parameters, range(0, 40), moment);
  const outcome = expect(running).rejects.toThrow('closed');
  await engine.close();
  await outcome;
  await expect(engine.statistics(parameters, range(0, 4))).rejects.toThrow('closed');
  await engine.close();
});
