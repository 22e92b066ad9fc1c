import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { scaledImages } from '../../src/data/prepare.js';
import { allOf, memorySource } from '../../src/data/source.js';
import type { Engine } from '../../src/engine/engine.js';
import { probeEngine, startEngine } from '../../src/engine/registry.js';
import { birealNetwork, layOut, type NetworkShape } from '../../src/model/network.js';
import type { Activations } from '../../src/model/trained.js';
import { layoutOf, normStatistics } from '../../src/nn/layout.js';
import { type Trainer, trainEpoch } from '../../src/nn/train.js';
import type { EngineName } from '../../src/spec/types.js';
import { stream } from '../../src/util/random.js';
import { crossEntropy } from '../nn/reference.js';
import {
  correctOf,
  flatStatistics,
  gradientsOf,
  passAt,
  pointOf,
  quantizedPointOf,
} from '../nn/reference-step.js';
import { expectClose } from '../support/numbers.js';
import { startOf } from '../support/states.js';
import { plainRefinement, plainTraining } from '../support/training.js';

/** Rounding of float32 over a whole step, as a share of the largest value of its tensor. */
const tolerance = 1e-4;

const names: readonly EngineName[] = ['wasm', 'tensorflow', 'webgpu', 'tensorflow-gpu'];
const required = (process.env.SNN_REQUIRE_ENGINES ?? '').split(',').filter((name) => name !== '');
const engines = await Promise.all(
  names.map(async (name) => ({ name, probe: await probeEngine(name) })),
);

const stem = { kernel: 3, stride: 1, pool: false } as const;
const small = { stages: [1, 1], width: 4 };

/** Networks of a downsampling block and an ordinary one, and of pooled ones without shortcuts. */
const networks: Record<string, NetworkShape> = {
  'odd maps and three channels': birealNetwork(
    { ...small, stem: { ...stem, stride: 2 } },
    { height: 9, width: 7, channels: 3 },
    3,
  ),
  'max pooling behind its convolutions': layOut(
    { ...small, family: 'vgg', stem },
    { height: 5, width: 6, channels: 3 },
    3,
  ),
  'a pooled 7x7 stem': birealNetwork(
    { ...small, stem: { kernel: 7, stride: 1, pool: true } },
    { height: 7, width: 8, channels: 1 },
    3,
  ),
};

const count = 4;
const moment = { augment: { flip: false, shift: 0, crop: 1 }, seed: 1, epoch: 0 };

/** An engine's setup and random images of the network's size. */
function setupOf(shape: NetworkShape, activations: Activations) {
  const random = stream(5, 'contract');
  const { height, width, channels } = shape.input;
  const size = count * height * width * channels;
  const source = memorySource({
    shape: shape.input,
    count,
    pixels: Uint8Array.from({ length: size }, () => random.below(256)),
    labels: Uint16Array.from({ length: count }, () => random.below(3)),
  });
  const scaling = {
    zero: Array.from({ length: channels }, () => 128),
    scale: Array.from({ length: channels }, () => 74),
  };
  return { setup: { shape, activations, scaling }, source };
}

function start(name: EngineName, setup: Parameters<typeof startEngine>[1], threads = 1): Engine {
  const engine = startEngine({ name, threads }, setup);
  onTestFinished(() => engine.close());
  return engine;
}

test.each(required)('the engine %s, which has to be there, is', (name) => {
  expect(engines).toContainEqual({ name, probe: expect.objectContaining({ found: true }) });
});

const here = engines.filter(({ probe }) => probe.found);
for (const { name, probe } of engines) {
  if (probe.found) continue;
  console.info(`engine ${name} is not under test: ${probe.why}`);
  test.skip(`the engine ${name}: ${probe.why}`, () => {});
}

describe.each(here)('the engine $name', ({ name }) => {
  const cases = Object.keys(networks).flatMap((network) =>
    (['binary', 'real'] as const).flatMap((activations) =>
      (['quantised', 'real'] as const).map((weights) => ({ network, activations, weights })),
    ),
  );

  test.each(cases)(
    'computes $network, $activations activations, $weights weights, as the reference in float64',
    {
      timeout: 120_000,
    },
    async ({ network, activations, weights }) => {
      const shape = networks[network];
      const { setup, source } = setupOf(shape, activations);
      const batch = source.batch(allOf(source), moment);
      const parameters = (weights === 'real' ? pointOf : quantizedPointOf)(shape, 21);
      const labels = Int32Array.from(batch.labels);
      const pass = passAt(shape, scaledImages(batch, setup.scaling), activations);
      const expected = pass(parameters);
      const engine = start(name, setup);

      const found = await engine.gradients(parameters, batch);
      expect(found.loss).toBeCloseTo(crossEntropy(expected.logits, labels), 4);
      expect(found.correct).toBe(correctOf(expected, labels));
      const statistics = flatStatistics(shape, expected.statistics);
      expectClose(found.statistics, statistics, tolerance, 'statistics');
      for (const { name: tensor, places, values } of gradientsOf(shape, pass, parameters, labels)) {
        const own = places.map((i) => found.gradients[i]);
        expectClose(own, values, tolerance, `gradient of ${tensor}`);
      }

      expectClose(await engine.statistics(parameters, batch), statistics, tolerance);
      const changed = statistics.map((value) => 0.1 + 1.5 * Math.abs(value));
      const given = namedStatistics(shape, expected.statistics.keys(), changed);
      const logits = await engine.logits(parameters, changed, batch);
      expectClose(logits, pass(parameters, given).logits.flat(), tolerance, 'logits');
    },
  );

  test('gives the same bytes for the same seed', { timeout: 120_000 }, async () => {
    const { setup, source } = setupOf(networks['a pooled 7x7 stem'], 'binary');
    const parameters = quantizedPointOf(setup.shape, 22);
    const augment = { flip: true, shift: 1, crop: 1 };
    const batch = source.batch(allOf(source), { ...moment, augment });
    const first = start(name, setup);
    const found = await first.gradients(parameters, batch);
    expect(await first.gradients(parameters, batch)).toEqual(found);
    await first.close();
    expect(await start(name, setup).gradients(parameters, batch)).toEqual(found);
  });
});

/** The flat statistics `values`, by the names that the reference gives them. */
function namedStatistics(shape: NetworkShape, names: Iterable<string>, values: Float32Array) {
  const layout = layoutOf(shape);
  return new Map(
    Array.from(names, (name) => {
      const { channels, meanOffset, varianceOffset } = normStatistics(layout, name);
      const mean = values.subarray(meanOffset, meanOffset + channels);
      const variance = values.subarray(varianceOffset, varianceOffset + channels);
      return [name, { mean, variance }] as const;
    }),
  );
}

describe.each(here.filter(({ name }) => name !== 'wasm'))(
  'a training step on $name',
  ({ name }) => {
    const { setup, source } = setupOf(networks['odd maps and three channels'], 'binary');

    /** The state behind one step by plain gradient descent, subsets included. */
    async function stepOn(engine: Engine) {
      const trainer: Trainer = {
        shape: setup.shape,
        source,
        images: allOf(source),
        engine,
        spec: {
          seed: 3,
          augment: moment.augment,
          quantize: {
            tau: 4,
            binarize: 'weights+activations',
            subset: { structure: 'free', sampling: 'uniform' },
            refine: { ...plainRefinement, period: 1 },
          },
          train: { ...plainTraining, epochs: 1, batch: count, optimizer: 'sgd', learningRate: 0.1 },
        },
      };
      const never = new AbortController().signal;
      return trainEpoch(trainer, startOf(setup.shape, 3), () => {}, never);
    }

    const wasm = startEngine({ name: 'wasm', threads: 1 }, setup);
    afterAll(() => wasm.close());

    test('ends where one on wasm ends', { timeout: 120_000 }, async () => {
      const expected = await stepOn(wasm);
      const found = await stepOn(start(name, setup));
      expectClose(found.parameters, expected.parameters, tolerance, 'parameters');
      expectClose(found.statistics, expected.statistics, tolerance, 'statistics');
      for (const [block, { subset }] of found.subsets) {
        const own = expected.subsets.get(block)?.subset;
        expectClose(subset.latent, own?.latent ?? [], tolerance, `subset of ${block}`);
      }
    });
  },
);

const onCpu = here.filter(({ name }) => name === 'tensorflow');
test.each(onCpu)(
  'two threads of $name find what two of wasm find, the same every time',
  { timeout: 120_000 },
  async ({ name }) => {
    const { setup, source } = setupOf(networks['odd maps and three channels'], 'binary');
    const parameters = quantizedPointOf(setup.shape, 23);
    const batch = source.batch(allOf(source), moment);
    const expected = await start('wasm', setup, 2).gradients(parameters, batch);
    const engine = start(name, setup, 2);
    const found = await engine.gradients(parameters, batch);
    expect(found.loss).toBeCloseTo(expected.loss, 4);
    expectClose(found.gradients, expected.gradients, tolerance, 'gradients');
    expectClose(found.statistics, expected.statistics, tolerance, 'statistics');
    expect(await engine.gradients(parameters, batch)).toEqual(found);
  },
);
