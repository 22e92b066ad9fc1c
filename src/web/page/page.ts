import { load, type Model } from '../snn.js';
import { side, toDigit } from './digit.js';
import { type Drawing, isEmpty, nothing, undo } from './drawing.js';
import { makePad } from './pad.js';
import { contextOf, inkReader, paint } from './paint.js';

/** What the page carries in `#network`; bytes in base64. src/web/page.ts writes it. */
interface Carried {
  readonly wasm: string;
  readonly image: string;
  /** Test images, [count, 28, 28]; or none. */
  readonly digits: string;
  /** Texts for the elements of these classes. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Rounds in which an inference is timed, and milliseconds of each: clocks of browsers are coarse. */
const timing = { rounds: 6, length: 4 } as const;

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Milliseconds of an inference: the least of several rounds' means. */
function time(model: Model, pixels: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < timing.rounds; round++) {
    const started = performance.now();
    let [count, taken] = [0, 0];
    while (taken < timing.length) {
      model.logits(pixels);
      count++;
      taken = performance.now() - started;
    }
    least = Math.min(least, taken / count);
  }
  return least;
}

/** One row a class: its name, a bar to either side of 0, its logit. A function that shows logits, or none. */
function makeBars(list: HTMLElement, classes: readonly string[]) {
  const rows = classes.map((name) => {
    const [row, label, track, bar, value] = ['li', 'b', 'span', 'i', 'output'].map((tag) =>
      document.createElement(tag),
    );
    label.textContent = name;
    track.append(bar);
    row.append(label, track, value);
    return { row, bar, value };
  });
  list.replaceChildren(...rows.map(({ row }) => row));
  return (logits: Int32Array | null) => {
    const [highest, widest] = logits
      ? [Math.max(...logits), Math.max(...logits.map(Math.abs))]
      : [0, 1];
    rows.forEach(({ row, bar, value }, i) => {
      const logit = logits?.[i] ?? 0;
      row.classList.toggle('best', logits !== null && logit === highest);
      bar.style.inlineSize = `${(50 * Math.abs(logit)) / widest}%`;
      bar.classList.toggle('negative', logit < 0);
      value.textContent = logits && String(logit).replace('-', '\u2212');
    });
  };
}

async function start(): Promise<void> {
  const carried: Carried = JSON.parse(element('network', HTMLScriptElement).text);
  for (const [name, text] of Object.entries(carried.facts)) {
    for (const place of document.getElementsByClassName(name)) place.textContent = text;
  }
  const model = await load(fromBase64(carried.wasm), fromBase64(carried.image));
  const digits = fromBase64(carried.digits);
  const readInk = inkReader();
  const showBars = makeBars(element('bars', HTMLUListElement), model.classes);
  const seen = contextOf(element('seen', HTMLCanvasElement));
  const [label, sure, spoken] = ['label', 'sure', 'spoken'].map((id) => element(id, HTMLElement));
  const speed = element('speed', HTMLElement);

  const answer = (drawing: Drawing, settled: boolean) => {
    const pixels = toDigit(readInk(drawing));
    paint(seen, { kind: 'image', pixels }, 0, getComputedStyle(seen.canvas).color);
    if (isEmpty(drawing)) {
      showBars(null);
      label.textContent = '';
      sure.textContent = 'Nothing drawn yet.';
    } else {
      const { label: name, score } = model.classify(pixels);
      showBars(model.logits(pixels));
      label.textContent = name;
      sure.textContent = `score ${score.toFixed(3)}`;
    }
    if (!settled) return;
    spoken.textContent = isEmpty(drawing)
      ? 'The pad is empty.'
      : `The network says ${label.textContent}.`;
    if (!isEmpty(drawing)) speed.textContent = `${time(model, pixels).toPrecision(2)} ms`;
  };
  const pad = makePad(element('pad', HTMLCanvasElement), answer);
  let next = 0;
  const actions: Readonly<Record<string, () => Drawing>> = {
    clear: () => nothing,
    undo: () => undo(pad.drawing()),
    digit: () => {
      const pixels = digits.subarray(next * side * side, (next + 1) * side * side);
      next = (next + 1) % (digits.length / (side * side));
      return { kind: 'image', pixels };
    },
  };
  for (const [id, action] of Object.entries(actions)) {
    element(id, HTMLButtonElement).addEventListener('click', () => pad.show(action()));
  }
  element('digit', HTMLButtonElement).hidden = digits.length === 0;
  pad.show(nothing);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    answer(pad.drawing(), false);
  });
  document.documentElement.dataset.ready = 'true';
}

start().catch((error: unknown) => {
  element('sure', HTMLElement).textContent = `This browser cannot run the network: ${error}`;
});
