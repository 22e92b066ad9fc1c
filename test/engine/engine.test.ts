import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { inputScaling } from '../../src/data/prepare.js';
import { memorySource } from '../../src/data/source.js';
import type { Engine, EngineSetup } from '../../src/engine/engine.js';
import { startWasmEngine } from '../../src/engine/wasm.js';
import { birealNetwork } from '../../src/model/network.js';
import { expectClose } from '../support/numbers.js';
import { barNetwork, bars } from '../support/shapes.js';
import { logitsOf } from '../support/sources.js';
import { midwayOf, quantized } from '../support/states.js';

const images = bars(40, 1);
const source = memorySource(images);
const scaling = await inputScaling(source, 1);
const moment = { augment: { flip: false, shift: 0, crop: 1 }, seed: 1, epoch: 0 };
const state = midwayOf(barNetwork, 5);
const parameters = quantized(barNetwork, state);
const statistics = state.statistics.map((value) => 0.5 + Math.abs(value));

function engineOf(threads: number, changes: Partial<EngineSetup> = {}): Engine {
  const setup = { shape: barNetwork, activations: 'binary', scaling, threads } as const;
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

/** Images from..to-1 as a batch. */
const range = (from: number, to: number, at = moment) =>
  source.batch(
    Uint32Array.from({ length: to - from }, (_, i) => from + i),
    at,
  );

describe('an engine of two threads', () => {
  test.each([
    ['two equal shards', 8, 4],
    ['two shards that differ by one', 7, 3],
    ['a shard of one image and an idle thread', 1, 0],
  ])('gives the mean of what one thread gives for %s', async (_, count, cut) => {
    const batch = range(3, 3 + count);
    const cuts = [0, cut, count].map((place) => place + 3);
    const parts = [range(cuts[0], cuts[1]), range(cuts[1], cuts[2])].filter(
      ({ images }) => images.length > 0,
    );
    const found = await two.gradients(parameters, batch);
    const sum = { loss: 0, correct: 0 };
    const gradients = new Float64Array(parameters.length);
    const means = new Float64Array(statistics.length);
    for (const part of parts) {
      const own = await one.gradients(parameters, part);
      const share = part.images.length / count;
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
    const all = await logitsOf({ engine: one, source }, parameters, statistics);
    const expected = [...order].flatMap((image) => [...all.subarray(3 * image, 3 * image + 3)]);
    const found = await two.logits(parameters, statistics, source.batch(order, null));
    expectClose(found, expected, 1e-5);
  });
});

test('two engines of the same number of threads agree bit for bit', async () => {
  const batch = range(0, 37);
  const found = await two.gradients(parameters, batch);
  expect(await start(2).gradients(parameters, batch)).toEqual(found);
  expect(await two.gradients(parameters, batch)).toEqual(found);
});

test('images are augmented by the moment: another epoch, another gradient', async () => {
  const at = async (epoch: number, shift: number) => {
    const augment = { flip: false, shift, crop: 1 };
    const batch = range(0, 8, { ...moment, augment, epoch });
    return (await one.gradients(parameters, batch)).loss;
  };
  expect(await at(0, 2)).toBe(await at(0, 2));
  expect(await at(1, 2)).not.toBe(await at(0, 2));
  expect(await at(1, 0)).toBe(await at(0, 0));
});

test('weights-only networks see real activations', async () => {
  const batch = range(0, 8);
  const real = await start(1, { activations: 'real' }).gradients(parameters, batch);
  const binary = await one.gradients(parameters, batch);
  expect(real.loss).not.toBeCloseTo(binary.loss, 3);
});

describe('a failing thread', () => {
  const mismatched = memorySource({ ...images, shape: { height: 4, width: 16, channels: 2 } });
  const few = Uint32Array.of(0, 1, 2, 3, 4, 5);

  test('tells its error to the caller, and to every caller after it', async () => {
    const engine = start(2);
    const ask = () => engine.gradients(parameters, mismatched.batch(few, moment));
    await expect(ask()).rejects.toThrow(/shape/i);
    await expect(ask()).rejects.toThrow(/shape/i);
    await expect(engine.statistics(parameters, range(0, 1))).rejects.toThrow(/shape/i);
    await engine.close();
  });
});

test('a closed engine rejects the running call and every later one', async () => {
  const engine = start(2);
  const running = engine.gradients(parameters, range(0, 40));
  const outcome = expect(running).rejects.toThrow('closed');
  await engine.close();
  await outcome;
  await expect(engine.statistics(parameters, range(0, 4))).rejects.toThrow('closed');
  await engine.close();
});

test('labels above 255 keep their value', async () => {
  const architecture = {
    stages: [1],
    width: 4,
    stem: { kernel: 3, stride: 1, pool: false },
  } as const;
  const shape = birealNetwork(architecture, { height: 3, width: 3, channels: 1 }, 300);
  const pixels = Uint8Array.of(9, 0, 200, 31, 7, 99, 140, 3, 250);
  const engine = startWasmEngine({
    shape,
    activations: 'binary',
    scaling: { zero: [90], scale: [80] },
    threads: 1,
  });
  onTestFinished(() => engine.close());
  const point = quantized(shape, midwayOf(shape, 2));
  const lossOf = async (label: number) => {
    const labels = Uint16Array.of(label);
    const { input } = shape;
    const set = memorySource({ shape: input, count: 1, pixels, labels });
    return (await engine.gradients(point, set.batch(Uint32Array.of(0), null))).loss;
  };
  const batch = memorySource({
    shape: shape.input,
    count: 1,
    pixels,
    labels: Uint16Array.of(0),
  }).batch(Uint32Array.of(0), null);
  // Inference by the statistics of this very batch gives the logits that training saw.
  const norms = await engine.statistics(point, batch);
  const logits = await engine.logits(point, norms, batch);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  for (const label of [0, 43, 299]) {
    expect(await lossOf(label)).toBeCloseTo(Math.log(total) - logits[label], 4);
  }
});

test('a batch whose maps do not fit into memory is computed in rounds: their mean', async () => {
  const architecture = {
    stages: [1],
    width: 8,
    stem: { kernel: 3, stride: 1, pool: false },
  } as const;
  const shape = birealNetwork(architecture, { height: 1250, width: 1400, channels: 1 }, 3);
  const size = 1250 * 1400;
  const large = memorySource({
    shape: shape.input,
    count: 2,
    pixels: Uint8Array.from({ length: 2 * size }, (_, i) => (i * i + 7 * i) % 251),
    labels: Uint16Array.of(1, 0),
  });
  const engine = startWasmEngine({
    shape,
    activations: 'binary',
    scaling: { zero: [125], scale: [72] },
    threads: 1,
  });
  onTestFinished(() => engine.close());
  const point = quantized(shape, midwayOf(shape, 4));
  const both = await engine.gradients(point, large.batch(Uint32Array.of(0, 1), null));
  const each = [];
  for (const image of [0, 1]) {
    each.push(await engine.gradients(point, large.batch(Uint32Array.of(image), null)));
  }
  const [a, b] = each;
  expect(both.loss).toBeCloseTo((a.loss + b.loss) / 2, 6);
  expect(both.correct).toBe(a.correct + b.correct);
  const mean = (of: 'gradients' | 'statistics') =>
    Array.from(a[of], (value, i) => (value + b[of][i]) / 2);
  expectClose(both.gradients, mean('gradients'), 1e-6);
  expectClose(both.statistics, mean('statistics'), 1e-6);
});
