import { readFile } from 'node:fs/promises';
import type { ModelFile } from '../model/container/read.js';
import type { PackedModel } from '../model/packed.js';
import { modelSize, storedBits } from '../model/size.js';
import { packageFile } from '../util/paths.js';

/** The modules of the page, each behind those that it imports. */
const modules = [
  'snn.js',
  'page/digit.js',
  'page/drawing.js',
  'page/paint.js',
  'page/pad.js',
  'page/page.js',
];

/** Side of the images that the page can make of a drawing. */
const side = 28;

/** What a page is made of. */
export interface PageContent {
  readonly file: ModelFile;
  readonly wasm: Uint8Array;
  /** The model's runtime image for vectors of 16 bytes. */
  readonly image: Uint8Array;
  /** Test images that the page can show, [count, 28, 28]; or none. */
  readonly digits: Uint8Array;
}

/** Whether a model reads digits as the page draws them, grey, 28x28, of classes 0 to 9, by binary layers. */
export function readsDigits({ shape, classes, blocks }: PackedModel): boolean {
  const { height, width, channels } = shape.input;
  const readsDrawings = height === side && width === side && channels === 1;
  return readsDrawings && classes.join() === '0,1,2,3,4,5,6,7,8,9' && blocks.length > 0;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** One script of all modules: their imports go, since what they name stands in the same script. */
async function script(): Promise<string> {
  const texts = await Promise.all(
    modules.map((name) => readFile(packageFile(`dist/web/${name}`), 'utf8')),
  );
  return texts
    .join('\n')
    .replace(/^import .*\n/gm, '')
    .replace(/^export /gm, '');
}

function grouped(count: number): string {
  return Math.ceil(count).toLocaleString('en').replaceAll(',', '\u202f');
}

/** What `page/page.ts` reads, as JSON that can stand in HTML. */
function network({ file: { model, layout }, wasm, image, digits }: PageContent): string {
  const { binaryWeights, totalBits, oneBitTotal, floatTotal } = modelSize(model);
  const facts = {
    bits: (storedBits(layout) / binaryWeights).toFixed(3),
    weights: grouped(binaryWeights),
    bytes: grouped(layout.fileBytes),
    numberBytes: grouped(totalBits / 8),
    oneBitBytes: grouped(oneBitTotal / 8),
    floatBytes: grouped(floatTotal / 8),
  };
  const carried = { facts, wasm: base64(wasm), image: base64(image), digits: base64(digits) };
  return JSON.stringify(carried, null, 1);
}

/**
 * A page on which a person draws a digit and the model answers: one HTML file that needs no other, opened from a
 * disk or served by anything.
 */
export async function drawingPage(content: PageContent): Promise<string> {
  const [html, css, code] = await Promise.all([
    readFile(packageFile('src/web/page/page.html'), 'utf8'),
    readFile(packageFile('src/web/page/page.css'), 'utf8'),
    script(),
  ]);
  const inlined: Readonly<Record<string, string>> = {
    '<link rel="stylesheet" href="page.css">': `<style>\n${css}</style>`,
    '<script id="network" type="application/json">{}</script>': `<script id="network" type="application/json">\n${network(content)}\n</script>`,
    '<script type="module" src="page.js"></script>': `<script type="module">\n${code}</script>`,
  };
  return Object.entries(inlined).reduce(
    (page, [place, text]) => page.replace(place, () => text),
    html,
  );
}
