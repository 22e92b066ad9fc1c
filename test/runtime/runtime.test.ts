import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allOf, memorySource } from '../../src/data/source.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork } from '../../src/model/network.js';
import { referenceLogits, referenceTrace } from '../../src/model/reference.js';
import { describeDifference, firstDifference } from '../../src/model/trace.js';
import { createRuntime, startClassifier } from '../../src/runtime/index.js';
import { mixedPlans, plansOfAll, randomImages, randomModel } from '../model/networks.js';
import { kernelsFor } from './convolutions.js';

describe('runtime', () => {
  it('equals the reference bit for bit on every layer of every network', () => {
    fc.assert(
      fc.property(mixedPlans, (plan) => {
        const model = randomModel(plan);
        const image = randomImages(plan.shape, 1, plan.seed);
        const expected = referenceTrace(model, image);
        for (const kernels of kernelsFor(model)) {
          const runtime = createRuntime(model, kernels);
          const difference = firstDifference(expected, runtime.trace(image));
          expect(difference && describeDifference(difference)).toBeNull();
        }
      }),
      { numRuns: 250 },
    );
  });

  it('equals the reference on wide layers, whose sums overflow a byte', () => {
    const shape = birealNetwork(
      { stages: [1, 1], width: 70, stem: { kernel: 3, stride: 2, pool: true } },
      { height: 15, width: 14, channels: 3 },
      4,
    );
    for (const [tau, structure] of [
      [1, 'antipodal'],
      [5, 'free'],
      [6, 'antipodal'],
      [9, 'free'],
    ] as const) {
      const model = randomModel({
        seed: tau,
        mood: 'uniform',
        shape,
        taus: [tau, tau],
        structures: [structure, structure],
        activations: ['binary', 'real'],
      });
      const image = randomImages(shape, 1, tau);
      for (const kernels of kernelsFor(model)) {
        const actual = createRuntime(model, kernels).trace(image);
        expect(firstDifference(referenceTrace(model, image), actual)).toBeNull();
      }
    }
  });

  it('keeps nothing of one image for the next', () => {
    fc.assert(
      fc.property(mixedPlans, (plan) => {
        const model = randomModel(plan);
        const runtime = createRuntime(model);
        const images = randomImages(plan.shape, 3, plan.seed);
        const logits = runtime.logits(images, 3);
        for (let i = 2; i >= 0; i--) {
          const image = images.subarray(i * runtime.imageSize, (i + 1) * runtime.imageSize);
          const one = logits.subarray(i * runtime.classes, (i + 1) * runtime.classes);
          expect(referenceLogits(model, image)).toEqual(one);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a classifier of several threads', () => {
  const shape = birealNetwork(
    { stages: [1, 1], width: 6, stem: { kernel: 3, stride: 2, pool: false } },
    { height: 9, width: 9, channels: 1 },
    5,
  );
  const model = randomModel({
    seed: 7,
    mood: 'uniform',
    shape,
    taus: [4, 5],
    structures: ['free', 'antipodal'],
  });
  const count = 333;
  const images = randomImages(shape, count, 3);

  const labels = new Uint16Array(count);
  const source = memorySource({ shape: shape.input, count, pixels: images, labels });
  const all = source.batch(allOf(source), null);

  it('gives the logits of the images asked for on any number of threads', async () => {
    const expected = createRuntime(model).logits(images, count);
    for (const threads of [1, 3]) {
      const classifier = startClassifier(encodeModel(model), threads);
      expect(await classifier.logits(all)).toEqual(expected);
      const some = source.batch(Uint32Array.of(200, 3, 17), null);
      const rows = [200, 3, 17].flatMap((i) => [...expected.subarray(5 * i, 5 * i + 5)]);
      expect([...(await classifier.logits(some))]).toEqual(rows);
      await classifier.close();
    }
  });

  it('gives the same logits where all threads work on one image', () => {
    return fc.assert(
      fc.asyncProperty(plansOfAll, fc.integer({ min: 2, max: 4 }), async (plan, threads) => {
        const model = randomModel(plan);
        const images = randomImages(plan.shape, 2, plan.seed);
        const pixels = new SharedArrayBuffer(images.length);
        new Uint8Array(pixels).set(images);
        const classifier = startClassifier(encodeModel(model), threads);
        try {
          const one = images.subarray(images.length / 2);
          const found = await classifier.logits({ pixels, slots: Uint32Array.of(1) });
          expect(found).toEqual(referenceLogits(model, one));
        } finally {
          await classifier.close();
        }
      }),
      { numRuns: 12 },
    );
  });

  it('rejects the running call when it is closed, and every later one', async () => {
    const classifier = startClassifier(encodeModel(model), 2);
    const outcome = expect(classifier.logits(all)).rejects.toThrow('closed');
    await classifier.close();
    await outcome;
    await expect(classifier.logits(all)).rejects.toThrow('closed');
  });

  it('refuses a damaged model before it starts', () => {
    const bytes = encodeModel(model);
    bytes[bytes.length - 1] ^= 1;
    expect(() => startClassifier(bytes, 2)).toThrow(/section HEAD/);
  });
});
