import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { centralWindow, decodeImage } from '../../src/data/folder/decode.js';
import { evaluateModel, rankOf } from '../../src/evaluation/evaluate.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork } from '../../src/model/network.js';
import { referenceLogits } from '../../src/model/reference.js';
import { stream } from '../../src/util/random.js';
import { randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';
import { painted, writeFiles } from '../support/photos.js';

const classes = 7;
const shape = birealNetwork(
  { stages: [1], width: 8, stem: { kernel: 3, stride: 2, pool: false } },
  { height: 20, width: 20, channels: 3 },
  classes,
);
const model = randomModel({ seed: 3, mood: 'packed', shape, taus: [4], structures: ['free'] });
const bytes = encodeModel(model);
const signal = new AbortController().signal;

/** Photographs of every class, three each, by path. */
function photographs(): Record<string, Sharp> {
  const files: Record<string, Sharp> = {};
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < 3; i++) {
      const random = stream(1, 'photo', k, i);
      const [red, green, blue] = [random.below(256), random.below(256), random.below(256)];
      files[`class${k}/${i}.png`] = painted(50, 40, (x, y) => [
        (red + 3 * x) % 256,
        (green + 5 * y) % 256,
        blue,
      ]);
    }
  }
  return files;
}

function evaluate(data: Parameters<typeof evaluateModel>[2]) {
  return evaluateModel(bytes, 'model.snn', data, () => {}, signal);
}

/** Places of the photographs' classes in the reference's logits, best first. */
async function referenceRanks(folder: string, files: readonly string[]): Promise<number[]> {
  const ranks: number[] = [];
  for (const file of files) {
    const pixels = await decodeImage(join(folder, file), shape.input, (image) =>
      centralWindow(image, shape.input),
    );
    const logits = [...referenceLogits(model, pixels)];
    const label = Number(/class(\d)/.exec(file)?.[1]);
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b);
    ranks.push(order.indexOf(label));
  }
  return ranks;
}

describe('a packed model on folders of photographs', () => {
  test('top-1 and top-5 are those of the reference, with `val` above the classes or without', async () => {
    const files = photographs();
    const folder = await writeFiles(join(temporaryFolder(), 'val'), files);
    const ranks = await referenceRanks(folder, Object.keys(files));
    const share = (among: number) =>
      (100 * ranks.filter((rank) => rank < among).length) / ranks.length;
    expect(share(1)).not.toBe(share(5));
    for (const path of [folder, join(folder, '..')]) {
      const found = await evaluate({ set: 'folder', path, limit: null });
      expect(found).toMatchObject({ images: 21, skipped: 0, top1: share(1), top5: share(5) });
    }
  });

  test('a limit takes some of every class; what cannot be read is counted', async () => {
    const folder = await writeFiles(temporaryFolder(), photographs());
    writeFileSync(join(folder, 'class2/0.png'), 'no image');
    const { images, skipped } = await evaluate({ set: 'folder', path: folder, limit: 7 });
    expect({ images, skipped }).toEqual({ images: 6, skipped: 1 });
  });

  test('what does not fit the model is refused', async () => {
    const folder = await writeFiles(temporaryFolder(), photographs());
    const { message } = await failureOf(() =>
      evaluate({ set: 'folder', path: join(folder, 'class0'), limit: null }),
    );
    expect(message).toContain('a file where only class folders may be');
    const few = await writeFiles(temporaryFolder(), { 'a/x.png': painted(9, 9, () => [0, 0, 0]) });
    const classesOf = await failureOf(() => evaluate({ set: 'folder', path: few, limit: null }));
    expect(classesOf.message).toContain('1 classes; the model knows 7');
    const nowhere = await failureOf(() => evaluate({ set: 'imagenet', path: null, limit: null }));
    expect(nowhere.next.join()).toContain('--path');
    const digits = await failureOf(() => evaluate({ set: 'mnist', path: null, limit: null }));
    expect(digits.message).toContain('28x28x1; the model takes 20x20x3');
  });
});

test.each([
  [[5, 1, 3], 0, 0],
  [[5, 1, 3], 1, 2],
  [[2, 2, 2], 0, 0],
  [[2, 2, 2], 2, 2],
])('in %j class %i stands behind %i others', (logits, label, rank) => {
  expect(rankOf(Int32Array.from(logits), label)).toBe(rank);
});
