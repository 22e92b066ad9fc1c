import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSplit } from '../../src/data/load.js';
import { allOf, imagesOf } from '../../src/data/source.js';
import { readModel } from '../../src/model/container/read.js';
import { referenceLogits } from '../../src/model/reference.js';
import { createRuntime } from '../../src/runtime/index.js';
import { packageFile } from '../../src/util/paths.js';
import { webImage, writeWeb } from '../../src/web/bundle.js';
import { examplePage, shownDigits } from '../../src/web/example.js';
import { chromiumPath, inChromium } from '../support/browser.js';
import { startFileServer } from '../support/file-server.js';
import { temporaryFolder } from '../support/folder.js';

const path = packageFile('examples/quickstart.snn');
const file = readModel(await readFile(path), path);
const { model } = file;
const example = packageFile('examples/draw-a-digit.html');

/** The place of a stroke's points on the pad, of which the side is 1. */
type Stroke = readonly (readonly [number, number])[];

/** Digits as a person may draw them: of several sizes, off the middle. */
const drawn: Readonly<Record<string, readonly Stroke[]>> = {
  1: [
    [
      [0.5, 0.15],
      [0.48, 0.85],
    ],
  ],
  7: [
    [
      [0.2, 0.2],
      [0.7, 0.2],
      [0.4, 0.8],
    ],
  ],
  4: [
    [
      [0.55, 0.5],
      [0.5, 0.68],
      [0.66, 0.68],
    ],
    [
      [0.68, 0.52],
      [0.65, 0.86],
    ],
  ],
};

it('is what the committed model makes', async () => {
  expect((await readFile(example, 'utf8')) === (await examplePage())).toBe(true);
});

describe.skipIf(!chromiumPath)(`the page ${inChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const executablePath = chromiumPath ?? '';
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** A page that tells of every request, and of everything that it complains about. */
  async function openPage(options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    return { page, complaints, asked };
  }

  async function openExample(file = example, options: Parameters<Browser['newContext']>[0] = {}) {
    const opened = await openPage(options);
    await opened.page.goto(pathToFileURL(file).href);
    await opened.page.waitForSelector('html[data-ready]');
    return opened;
  }

  async function draw(page: Page, strokes: readonly Stroke[]) {
    const box = await page.locator('#pad').boundingBox();
    if (!box) throw new Error('there is no pad');
    for (const [first, ...rest] of strokes) {
      await page.mouse.move(box.x + first[0] * box.width, box.y + first[1] * box.height);
      await page.mouse.down();
      for (const [x, y] of rest) {
        await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 6 });
      }
      await page.mouse.up();
    }
  }

  const label = (page: Page) => page.locator('#label').textContent();

  /** The logits that the page shows. */
  async function shown(page: Page): Promise<number[]> {
    const texts = await page.locator('#bars output').allTextContents();
    return texts.map((text) => Number(text.replace('\u2212', '-')));
  }

  /** The 28x28 pixels that the page gave to the network. */
  async function seen(page: Page): Promise<Uint8Array> {
    const pixels: number[] = await page.evaluate(
      `[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]`,
    );
    return Uint8Array.from(pixels.filter((_, i) => i % 4 === 3));
  }

  it('answers the first test digits of MNIST as the runtime does, bit for bit', async () => {
    const { page, complaints } = await openExample();
    const limit = { train: null, test: shownDigits };
    const source = await openSplit({ set: 'mnist', path: null, limit }, 'test');
    const { pixels } = await imagesOf(source, allOf(source));
    const logits = createRuntime(model).logits(pixels, shownDigits);
    for (let i = 0; i < shownDigits; i++) {
      await page.click('#digit');
      expect(await shown(page)).toEqual([...logits.subarray(10 * i, 10 * (i + 1))]);
      expect(Buffer.compare(await seen(page), pixels.subarray(784 * i, 784 * (i + 1)))).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  it.each(Object.keys(drawn))('reads a %s that is drawn by mouse', async (digit) => {
    const { page, complaints } = await openExample();
    await draw(page, drawn[digit]);
    expect(await label(page)).toBe(digit);
    expect(await shown(page)).toEqual([...referenceLogits(model, await seen(page))]);
    expect(await page.locator('#speed').textContent()).toMatch(/^[\d.]+ ms$/);
    expect(complaints).toEqual([]);
  });

  it('is drawn on by touch', async () => {
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const { page } = await openExample(example, phone);
    const session = await page.context().newCDPSession(page);
    const box = await page.locator('#pad').boundingBox();
    if (!box) throw new Error('there is no pad');
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', y: number | null) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: y === null ? [] : [{ x: box.x + box.width / 2, y: box.y + y * box.height }],
      });
    await touch('touchStart', 0.2);
    for (const y of [0.4, 0.6, 0.8]) await touch('touchMove', y);
    await touch('touchEnd', null);
    expect(await label(page)).toBe('1');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('is reached and drawn on by keys alone', async () => {
    const { page } = await openExample();
    const press = async (key: string, times = 1) => {
      for (let i = 0; i < times; i++) await page.keyboard.press(key);
    };
    const focused = () => page.evaluate('document.activeElement.id');
    await press('Tab');
    expect(await focused()).toBe('pad');
    await press('Space');
    await press('ArrowDown', 16);
    await press('Space');
    expect(await label(page)).toBe('1');
    expect(await page.locator('#spoken').textContent()).toBe('The network says 1.');
    for (const id of ['clear', 'undo', 'digit']) {
      await press('Tab');
      expect(await focused()).toBe(id);
    }
    await press('Enter');
    expect(await label(page)).toBe('7');
    await press('Shift+Tab');
    await press('Enter');
    expect(await page.locator('#spoken').textContent()).toBe('The pad is empty.');
  });

  it('takes strokes back and clears the pad', async () => {
    const { page } = await openExample();
    const [four, one] = [drawn[4], drawn[1]];
    await draw(page, one);
    const logits = await shown(page);
    await draw(page, [four[1]]);
    expect(await shown(page)).not.toEqual(logits);
    await page.click('#undo');
    expect(await shown(page)).toEqual(logits);
    await page.click('#clear');
    expect(await label(page)).toBe('');
    expect((await seen(page)).every((ink) => ink === 0)).toBe(true);
  });

  it('offers no test digits where it holds none', async () => {
    const folder = temporaryFolder();
    await writeWeb(folder, {
      file,
      image: webImage(model),
      digits: new Uint8Array(),
    });
    const { page } = await openExample(join(folder, 'draw-a-digit.html'));
    expect(await page.locator('#digit').isVisible()).toBe(false);
    await draw(page, drawn[1]);
    expect(await label(page)).toBe('1');
  });

  it('asks for nothing but itself', async () => {
    const { page, asked, complaints } = await openPage();
    const { url, files } = await startFileServer();
    files.set('/', await readFile(example));
    await page.goto(`${url}/`);
    await page.waitForSelector('html[data-ready]');
    await draw(page, drawn[1]);
    expect(await label(page)).toBe('1');
    expect(asked).toEqual([`${url}/`]);
    expect(complaints).toEqual([]);
  });

  it('loads the module from a server that isolates nothing', async () => {
    const { page, complaints } = await openPage();
    const { url, files } = await startFileServer();
    files.set('/', new TextEncoder().encode('<!doctype html><link rel="icon" href="data:,">'));
    const folder = temporaryFolder();
    await writeWeb(folder, {
      file,
      image: webImage(model),
      digits: new Uint8Array(),
    });
    for (const name of ['snn.js', 'runtime.wasm', 'model.bin']) {
      files.set(`/${name}`, await readFile(join(folder, name)));
    }
    await page.goto(`${url}/`);
    const pixels = Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
    const found = await page.evaluate(`(async () => {
      const { load } = await import('/snn.js');
      const { logits } = await load(fetch('/runtime.wasm'), fetch('/model.bin'));
      return [crossOriginIsolated, ...logits(${JSON.stringify(pixels)})];
    })()`);
    expect(found).toEqual([false, ...referenceLogits(model, Uint8Array.from(pixels))]);
    expect(complaints).toEqual([]);
  });
});
