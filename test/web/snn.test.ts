import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSplit } from '../../src/data/load.js';
import { allOf, imagesOf } from '../../src/data/source.js';
import { readModel } from '../../src/model/container/read.js';
import { referenceLogits } from '../../src/model/reference.js';
import { listFiles } from '../../src/util/files.js';
import { packageFile } from '../../src/util/paths.js';
import { webImage, writeWeb } from '../../src/web/bundle.js';
import { readsDigits } from '../../src/web/page.js';
import { proveWeb } from '../../src/web/prove.js';
import { load } from '../../src/web/snn.js';
import { modelPlans, randomImages, randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { startFileServer } from '../support/file-server.js';
import { temporaryFolder } from '../support/folder.js';

const wasm = await readFile(packageFile('wasm/runtime-web.wasm'));
const file = packageFile('examples/quickstart.snn');
const quickstartFile = readModel(await readFile(file), file);
const quickstart = quickstartFile.model;

const content = {
  file: quickstartFile,
  image: webImage(quickstart),
  digits: new Uint8Array(),
};

async function testDigits(count: number): Promise<Uint8Array[]> {
  const source = await openSplit(
    { set: 'mnist', path: null, limit: { train: null, test: count } },
    'test',
  );
  const { pixels } = await imagesOf(source, allOf(source));
  return Array.from({ length: count }, (_, i) => pixels.subarray(i * 784, (i + 1) * 784));
}

describe('the loader', () => {
  it('computes the logits of the reference for every network', async () => {
    await fc.assert(
      fc.asyncProperty(modelPlans, async (plan) => {
        const model = randomModel(plan);
        const { logits, input, classes } = await load(wasm, webImage(model));
        expect(input).toEqual(plan.shape.input);
        expect(classes).toEqual(model.classes);
        const size = input.height * input.width * input.channels;
        const images = randomImages(plan.shape, 2, plan.seed);
        for (const image of [images.subarray(0, size), images.subarray(size)]) {
          expect(logits(image)).toEqual(referenceLogits(model, image));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('runs the trained quickstart model, from promises of files', async () => {
    const { classify, logits, name } = await load(
      Promise.resolve(wasm),
      Promise.resolve(webImage(quickstart)),
    );
    expect(name).toBe('quickstart');
    for (const image of await testDigits(10)) {
      const expected = referenceLogits(quickstart, image);
      expect(logits(image)).toEqual(expected);
      const index = expected.indexOf(Math.max(...expected));
      const real = [...expected].map((logit) => logit * quickstart.classifier.scale);
      const total = real.reduce((sum, logit) => sum + Math.exp(logit - real[index]), 0);
      const answer = classify(image);
      expect(answer).toMatchObject({ label: String(index), index });
      expect(answer.score).toBeCloseTo(1 / total, 12);
    }
  });

  it('keeps logits that it gave when it computes others', async () => {
    const { logits } = await load(wasm, webImage(quickstart));
    const [first, second] = await testDigits(2);
    const [kept, copy] = [logits(first), logits(first).slice()];
    logits(second);
    expect(kept).toEqual(copy);
  });

  it('says what is wrong with images and files', async () => {
    const image = webImage(quickstart);
    const { logits } = await load(wasm, image);
    expect(() => logits(new Uint8Array(783))).toThrow('783 pixels where 28x28x1 are due');
    const other = image.slice();
    other[8]++;
    const wrong = [new Uint8Array(3), image.subarray(0, -1), wasm, other];
    for (const bytes of wrong) await expect(load(wasm, bytes)).rejects.toThrow('no model.bin');
    const { url, files } = await startFileServer();
    files.set('/model.bin', image);
    await expect(load(wasm, fetch(`${url}/model.bim`))).rejects.toThrow(/model\.bim: 404/);
    expect((await load(wasm, fetch(`${url}/model.bin`))).name).toBe('quickstart');
  });
});

describe('the folder', () => {
  it('runs as it stands', async () => {
    const folder = temporaryFolder();
    const [image] = await testDigits(1);
    await writeWeb(folder, content);
    await proveWeb(folder, image, [referenceLogits(quickstart, image)]);
    expect((await listFiles(folder)).sort()).toEqual([
      ...['draw-a-digit.html', 'model.bin', 'package.json', 'runtime.wasm', 'snn.d.ts', 'snn.js'],
    ]);
    const wrong = referenceLogits(quickstart, image);
    wrong[3]++;
    const failure = await failureOf(() => proveWeb(folder, image, [wrong]));
    expect(failure.message).toContain('image 0, logit 3');
  });

  it('has no page for drawing what a model does not read', async () => {
    expect(readsDigits(quickstart)).toBe(true);
    expect(readsDigits({ ...quickstart, classes: [...'zyxwvutsrq'] })).toBe(false);
    expect(readsDigits({ ...quickstart, blocks: [] })).toBe(false);
    const folder = temporaryFolder();
    const model = { ...quickstart, classes: [...'zyxwvutsrq'] };
    await writeWeb(folder, { ...content, file: { ...quickstartFile, model } });
    expect(await listFiles(folder)).not.toContain('draw-a-digit.html');
  });
});
