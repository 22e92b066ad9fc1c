import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compareRuns } from '../../../src/report/compare.js';
import { summarised } from '../../../src/report/html/overview.js';
import { reportPage } from '../../../src/report/html/page.js';
import { shadeOf } from '../../../src/report/html/use-maps.js';
import { packageFile } from '../../../src/util/paths.js';
import { snn } from '../../e2e/cli.js';
import { chromiumPath, inChromium } from '../../support/browser.js';
import { temporaryFolder } from '../../support/folder.js';
import { madeUpEvidence } from './evidence.js';

const nasty = `<img src=x onerror="alert(1)">' & "net"\n</style></title><script>alert(2)</script>`;

const few = await reportPage([
  madeUpEvidence('one-bit', { tau: 9 }),
  madeUpEvidence('half-a-bit', { tau: 4 }),
  madeUpEvidence(nasty, { tau: 5, seed: 3 }),
]);

const taus = [4, 5, 6, 9];
const many = await reportPage(
  Array.from({ length: 24 }, (_, seed) =>
    madeUpEvidence(`net-${seed}`, { tau: taus[seed % 4], seed, epochs: 100 }),
  ),
);

describe('the page of a report', () => {
  it('is the same for the same runs', async () => {
    const again = () => reportPage([madeUpEvidence('net')]);
    expect(await again()).toBe(await again());
  });

  it('takes less than 5 MB for 24 runs', () => {
    expect(Buffer.byteLength(many)).toBeLessThan(5e6);
    expect(many.match(/<section id="run/g)).toHaveLength(24);
  });

  it('names no home folder', () => {
    expect(few).toContain('net.yaml');
    expect(few).not.toContain('somebody');
  });

  it('summarises figures that a comparison has', () => {
    const figures = compareRuns([]).rows.map(({ figure }) => figure);
    expect(figures).toEqual(expect.arrayContaining([...summarised]));
  });

  it('says what is missing and why', async () => {
    const whole = madeUpEvidence('net');
    const gone = { missing: 'the artifact of refine was deleted' };
    const page = await reportPage([{ ...whole, history: gone, subsets: gone, epochs: gone }]);
    expect(page).toContain('Training curves: the artifact of refine was deleted.');
    expect(page).toContain('Subsets: the artifact of refine was deleted.');
    expect(page).not.toContain('Index histograms');
  });
});

it('shades members by their use in even shares', () => {
  const shares = [0, 0.1, 0.49, 0.5, 1, 1.01, 1.99, 2, 9];
  expect(shares.map(shadeOf)).toEqual(['u0', 'u1', 'u1', 'u2', 'u2', 'u3', 'u3', 'u4', 'u4']);
});

/** Contrast of two sRGB colours by WCAG 2.2, 1..21. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

it('has texts of contrast AA in light, dark and print', async () => {
  const css = await readFile(packageFile('src/report/html/page.css'), 'utf8');
  const schemes = [...css.matchAll(/:root \{([^}]*)\}/g)].map(
    ([, rules]) =>
      new Map([...rules.matchAll(/(--\w+): (#\w{6});/g)].map(([, name, colour]) => [name, colour])),
  );
  expect(schemes).toHaveLength(3);
  const texts = [
    '--ink',
    '--quiet',
    '--accent',
    ...Array.from({ length: 8 }, (_, i) => `--run${i + 1}`),
  ];
  for (const colours of schemes) {
    for (const name of texts) {
      for (const ground of ['--paper', '--back']) {
        const found = contrast(colours.get(name) ?? '', colours.get(ground) ?? '');
        expect(found, `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  }
});

describe.skipIf(!chromiumPath)(`a report ${inChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const executablePath = chromiumPath ?? '';
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  async function open(page: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const file = join(temporaryFolder(), 'report.html');
    await writeFile(file, page);
    return openFile(file, options);
  }

  async function openFile(file: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    page.on('request', (request) => asked.push(request.url()));
    const url = pathToFileURL(file).href;
    await page.goto(url);
    const strange = () => [...complaints, ...asked.filter((other) => other !== url)];
    return { page, strange };
  }

  it('shows every drawing, with a title, a description and its numbers, and asks for nothing', async () => {
    const { page, strange } = await open(few);
    const drawings = await page.locator('figure svg.plot').all();
    // Three runs: 2 lines, 6 maps, 6 histograms, 2 lines, 2 costs, 1 board each; 3 fronts; 1 training.
    expect(drawings).toHaveLength(3 * 19 + 4);
    for (const drawing of drawings) {
      const box = await drawing.boundingBox();
      expect(box?.width).toBeGreaterThan(50);
      expect(box?.height).toBeGreaterThan(50);
    }
    const untold = await page.evaluate(`[...document.querySelectorAll('figure')].filter((figure) =>
      !figure.querySelector('figcaption small').textContent.match(/counted|measured|simulated|modelled/) ||
      !figure.querySelector('details table tbody td') ||
      [...figure.querySelectorAll('svg.plot')].some((svg) =>
        !svg.getAttribute('aria-labelledby').split(' ').every((id) => document.getElementById(id)?.textContent))
    ).length`);
    expect(untold).toBe(0);
    const ids = await page.evaluate(`[...document.querySelectorAll('[id]')].map(({ id }) => id)`);
    expect(new Set(ids as string[]).size).toBe((ids as string[]).length);
    expect(strange()).toEqual([]);
  });

  it('shows markup in a name as text', async () => {
    const { page, strange } = await open(few);
    expect(await page.locator('script, img').count()).toBe(0);
    expect(await page.locator('#run3 h2').textContent()).toBe(`#3 ${nasty}`);
    expect(strange()).toEqual([]);
  });

  it('is read by keys alone', async () => {
    const { page } = await open(few);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the summary');
    await page.keyboard.press('Enter');
    expect(page.url()).toMatch(/#summary$/);
    const told = page.locator('figure details').first();
    const focused = () =>
      page.evaluate(`document.activeElement === document.querySelector('figure summary')`);
    for (let i = 0; i < 40 && !(await focused()); i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe(true);
    expect(await told.locator('table').isVisible()).toBe(false);
    await page.keyboard.press('Enter');
    expect(await told.locator('table').isVisible()).toBe(true);
  });

  it.each([360, 1280])('fits a window of %i pixels', async (width) => {
    const { page } = await open(few, { viewport: { width, height: 800 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });

  it('is written by snn report of runs in the store', async () => {
    const folder = temporaryFolder();
    const none = await snn(folder, 'report');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('no run has finished yet\nnext: snn run');
    const small = ['data.limit.train=256', 'train.epochs=2'];
    const set = small.flatMap((field) => ['--set', field]);
    const spec = packageFile('configs/quickstart.yaml');
    const run = await snn(folder, 'run', spec, ...set, '--until', 'refine');
    expect(run.code).toBe(0);
    const written = await snn(folder, 'report', 'quickstart', '-o', 'out.html', '--json');
    const { file, bytes, runs } = JSON.parse(written.stdout);
    expect(file).toBe(join(folder, 'out.html'));
    expect(runs).toEqual([expect.stringMatching(/^quickstart-/)]);
    expect(Buffer.byteLength(await readFile(file))).toBe(bytes);

    const { page, strange } = await openFile(file);
    expect(await page.title()).toBe('Run of quickstart');
    expect(await page.locator('figure').count()).toBe(5);
    const record = JSON.parse(await readFile(join(folder, '.snn/runs', `${runs[0]}.json`), 'utf8'));
    const { value } = record.metrics.refine['training accuracy'];
    const history = page.locator('figure').first().locator('tbody tr').last();
    expect(await history.textContent()).toContain(value.toFixed(2));
    const refine = record.stages.find(({ name }: { name: string }) => name === 'refine');
    expect(await page.locator('#run1').textContent()).toContain(refine.digest);
    expect(strange()).toEqual([]);
  });
});
