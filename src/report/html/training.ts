import type { EpochRecord } from '../../stages/training-metrics.js';
import { spread } from '../pareto.js';
import type { Pencil } from './drawing.js';
import { absent, figureOf, tableOf } from './figure.js';
import { html, type Markup } from './markup.js';
import { colourOf, colours, type Subject } from './subject.js';

interface Point {
  readonly epoch: number;
  readonly value: number;
}

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly Point[];
}

/** The marks of an epoch axis: whole numbers, a dozen at most. */
function epochTicks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 50].find((n) => last / n <= 12) ?? Math.ceil(last / 12);
  return Array.from({ length: Math.floor(last / step) }, (_, i) => (i + 1) * step);
}

/** Of a drawing: what is above and below its lines, and what a name takes at their ends. */
const frame = 70;
const labelHeight = 13;

/** Longer lines have no dots. */
const mostDots = 40;

/** Lines by epoch, each named at its end. */
export function linesByEpoch(
  pencil: Pencil,
  about: {
    readonly title: string;
    readonly label: string;
    readonly marginRight?: number;
    /** Where the axis of values begins; at the lowest one by itself. */
    readonly from?: number;
  },
  lines: readonly Line[],
): Markup {
  const { plotting } = pencil;
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  const [low, high] = [about.from ?? Math.min(...values), Math.max(...values)];
  const last = Math.max(...lines.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  const ends = lines.map(({ points }) => points.at(-1)?.value ?? 0);
  const height = Math.max(300, frame + labelHeight * (lines.length + 1));
  const gap = ((high - low || 1) * labelHeight) / (height - frame);
  const places = spread(ends, gap, high);
  const ranges = lines.map(({ name, points }) => {
    const [first, end] = [points[0], points.at(-1)];
    return `${name}: from ${first?.value.toPrecision(4)} behind epoch ${first?.epoch} to ${end?.value.toPrecision(4)} behind epoch ${end?.epoch}`;
  });
  return pencil.plot(
    { title: about.title, description: `${ranges.join('; ')}.` },
    {
      height,
      marginLeft: 50,
      marginTop: frame - 40,
      marginRight: about.marginRight ?? 90,
      x: {
        label: 'epoch',
        ticks: epochTicks(last),
        tickFormat: 'd',
        domain: [1, last],
      },
      y: {
        label: about.label,
        grid: true,
        nice: true,
        ticks: 6,
        domain: [low, high],
      },
      marks: lines.flatMap(({ name, colour, dashed, points }, i) => [
        plotting.line(points, {
          x: 'epoch',
          y: 'value',
          stroke: colour,
          strokeWidth: 2,
          ...(dashed && { strokeDasharray: '5 3' }),
        }),
        plotting.dot(points.length > mostDots ? [] : points, {
          x: 'epoch',
          y: 'value',
          fill: colour,
          r: 2.5,
        }),
        plotting.text([{ epoch: points.at(-1)?.epoch ?? 1, value: places[i] }], {
          x: 'epoch',
          y: 'value',
          text: () => name,
          fill: colour,
          dx: 8,
          textAnchor: 'start',
        }),
      ]),
    },
  );
}

const percent = (share: number | undefined) =>
  share === undefined ? '-' : (100 * share).toFixed(2);

function historyTable(caption: string, history: readonly EpochRecord[]): Markup {
  const validated = history.some(({ validation }) => validation !== undefined);
  return tableOf(
    caption,
    [
      { head: 'epoch', numeric: true },
      { head: 'training loss, nats', numeric: true },
      { head: 'training accuracy, %', numeric: true },
      ...(validated ? [{ head: 'validation accuracy, %', numeric: true }] : []),
    ],
    history.map(({ epoch, loss, accuracy, validation }) => [
      epoch,
      loss.toFixed(4),
      percent(accuracy),
      ...(validated ? [percent(validation)] : []),
    ]),
  );
}

/** How one run learnt: accuracy and loss by epoch. */
export function trainingOf({ history, title }: Subject, pencil: Pencil): Markup {
  if ('missing' in history) return absent('Training curves', history.missing);
  const epochs = history.value;
  if (epochs.length < 2) {
    return absent(
      'Training curves',
      `${epochs.length === 0 ? 'no' : 'a single'} epoch was trained`,
    );
  }
  const validation = epochs.flatMap(({ epoch, validation: share }) =>
    share === undefined ? [] : [{ epoch, value: 100 * share }],
  );
  const accuracy = linesByEpoch(
    pencil,
    { title: `Accuracy of ${title} by epoch`, label: 'accuracy (%)' },
    [
      {
        name: 'training',
        colour: 'var(--run1)',
        points: epochs.map(({ epoch, accuracy: share }) => ({ epoch, value: 100 * share })),
      },
      ...(validation.length > 0
        ? [{ name: 'validation', colour: 'var(--run2)', dashed: true, points: validation }]
        : []),
    ],
  );
  const loss = linesByEpoch(
    pencil,
    { title: `Training loss of ${title} by epoch`, label: 'cross-entropy (nats)' },
    [
      {
        name: 'training',
        colour: 'var(--run1)',
        points: epochs.map(({ epoch, loss: value }) => ({ epoch, value })),
      },
    ],
  );
  return figureOf({
    caption: `Training of ${title}`,
    kinds: ['measured'],
    drawings: [accuracy, loss],
    wide: true,
    legend: 'Training accuracy and loss are means over an epoch, taken while it trains.',
    data: historyTable(`Training of ${title}, epoch by epoch`, epochs),
  });
}

/** The accuracies of all runs that have a history, in one picture; nothing for a single run. */
export function trainingOfAll(subjects: readonly Subject[], pencil: Pencil): Markup | null {
  const known = subjects.flatMap((subject) =>
    'value' in subject.history && subject.history.value.length > 1
      ? [{ ...subject, epochs: subject.history.value }]
      : [],
  );
  if (known.length < 2) return null;
  const drawing = linesByEpoch(
    pencil,
    { title: 'Training accuracy of all runs by epoch', label: 'accuracy (%)', marginRight: 45 },
    known.map((subject) => ({
      name: `#${subject.number}`,
      colour: colourOf(subject),
      dashed: subject.number > colours,
      points: subject.epochs.map(({ epoch, accuracy }) => ({ epoch, value: 100 * accuracy })),
    })),
  );
  return html`<section id="training"><h2>Training</h2>
<div class="figures">${figureOf({
    caption: 'Training accuracy by epoch',
    kinds: ['measured'],
    drawings: [drawing],
    legend: 'Numbers are those of the summary.',
    data: tableOf(
      'Training accuracy, last epoch',
      [
        { head: 'run' },
        { head: 'epochs', numeric: true },
        { head: 'training accuracy, %', numeric: true },
        { head: 'training loss, nats', numeric: true },
      ],
      known.map(({ number, title, epochs }) => [
        `#${number} ${title}`,
        epochs.length,
        percent(epochs.at(-1)?.accuracy),
        epochs.at(-1)?.loss.toFixed(4) ?? '-',
      ]),
    ),
  })}</div></section>
`;
}
