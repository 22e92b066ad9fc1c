import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { layoutOf } from '../../src/nn/layout.js';
import { calibrate, type Trainer, trainEpoch } from '../../src/nn/train.js';
import { divide, validate } from '../../src/nn/validation.js';
import { barNetwork as shape } from '../support/shapes.js';
import { numbered } from '../support/sources.js';
import { startOf } from '../support/states.js';
import { plainTraining } from '../support/training.js';

const layout = layoutOf(shape);
const never = new AbortController().signal;

describe('dividing a training split', () => {
  const counts = fc.integer({ min: 2, max: 500 });
  const shares = fc.double({ min: 0, max: 0.5, noNaN: true });

  test('loses no image, shows none twice, and keeps back the share', () => {
    fc.assert(
      fc.property(counts, shares, fc.nat(), (count, share, seed) => {
        const { training, validation } = divide(count, share, seed);
        const all = [...training, ...validation].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: count }, (_, image) => image));
        expect(Math.abs(validation.length - share * count)).toBeLessThanOrEqual(
          share * count < 0.5 ? 1 : 0.5,
        );
        expect(validation.length > 0).toBe(share > 0);
      }),
    );
  });

  test('trains on everything in the order of the files without a share', () => {
    expect([...divide(5, 0, 7).training]).toEqual([0, 1, 2, 3, 4]);
  });

  test('follows the seed', () => {
    expect(divide(100, 0.3, 1)).toEqual(divide(100, 0.3, 1));
    expect(divide(100, 0.3, 1).validation).not.toEqual(divide(100, 0.3, 2).validation);
  });
});

/** An engine that says class 1 of every even image and class 2 of every odd one. */
function parityEngine() {
  const seen = { trained: [] as number[], calibrated: [] as number[], judged: [] as number[] };
  const judgedBy: number[] = [];
  const engine: Engine = {
    inferenceBatch: 500,
    async gradients(_, { images }) {
      seen.trained.push(...images);
      const gradients = new Float32Array(layout.size);
      return {
        loss: 1,
        correct: 0,
        gradients,
        statistics: new Float32Array(layout.statisticsSize),
      };
    },
    async statistics(_, { images }) {
      seen.calibrated.push(...images);
      return new Float32Array(layout.statisticsSize).fill(5);
    },
    async logits(_, statistics, { images }) {
      seen.judged.push(...images);
      judgedBy.push(statistics[0]);
      return Float32Array.from([...images].flatMap((i) => (i % 2 ? [0, 1, 2] : [0, 2, 1])));
    },
    async close() {},
  };
  return { engine, seen, judgedBy };
}

function trainerOf(engine: Engine, images: Uint32Array): Trainer {
  return {
    shape,
    engine,
    source: numbered(40, (image) => (image < 20 ? 1 : 2)),
    images,
    spec: {
      seed: 1,
      augment: { flip: false, shift: 0, crop: 1 },
      quantize: {
        tau: 4,
        binarize: 'weights+activations',
        subset: { structure: 'free', sampling: 'uniform' },
        refine: false,
      },
      train: { ...plainTraining, batch: 4 },
    },
  };
}

test('validation images are judged by calibrated statistics and touched by nothing else', async () => {
  const { engine, seen, judgedBy } = parityEngine();
  const { training, validation } = divide(40, 0.25, 3);
  const trainer = trainerOf(engine, training);
  const start = startOf(shape, 1);
  start.statistics.fill(77);
  const accuracy = await validate(trainer, start, validation, never);

  const right = [...validation].filter((image) => image % 2 === (image < 20 ? 0 : 1));
  expect(accuracy).toBe(right.length / 10);
  expect(right.length).toBeGreaterThan(0);
  expect(right.length).toBeLessThan(10);
  expect(judgedBy).toEqual([5]);
  expect([...new Set(start.statistics)]).toEqual([77]);

  await trainEpoch(trainer, start, () => {}, never);
  await calibrate(trainer, start, never);
  expect(seen.judged).toEqual([...validation]);
  for (const images of [seen.trained, seen.calibrated]) {
    expect(images.filter((image) => validation.includes(image))).toEqual([]);
    expect(new Set(images).size).toBe(28);
  }
});
