import type { FigureKind } from '../../pipeline/events.js';
import { type Offer, paretoFront, spread } from '../pareto.js';
import type { Pencil } from './drawing.js';
import { absent, figureOf, tableOf } from './figure.js';
import { html, type Markup } from './markup.js';
import { cellOf, rowOf } from './overview.js';
import type { Subjects } from './subject.js';

interface Point extends Offer {
  readonly number: number;
  readonly title: string;
  readonly kinds: readonly FigureKind[];
}

/** What accuracy is drawn against, by the names of compared figures. */
const axes = ['bits per binary weight', 'Bit-OPs an image', 'FPGA cycles an image'] as const;

/** Costs that lie further apart are told apart only on a logarithmic scale. */
const widestLinear = 10;

function pointsOf({ subjects, comparison }: Subjects, figure: string): readonly Point[] {
  const costs = rowOf(comparison.rows, figure).cells;
  const accuracies = rowOf(comparison.rows, 'test accuracy').cells;
  return subjects.flatMap(({ number, title }, i) => {
    const [cost, accuracy] = [costs[i], accuracies[i]];
    if ('missing' in cost || 'missing' in accuracy) return [];
    const kinds = [accuracy.kind, cost.kind];
    return [{ number, title, kinds, cost: cost.value, worth: accuracy.value }];
  });
}

/** Points of about one cost get labels that hang from the highest of them, in order. */
function labelled(points: readonly Point[]) {
  const worths = points.map(({ worth }) => worth);
  const gap = (Math.max(...worths) - Math.min(...worths)) / 15;
  const dearest = Math.max(...points.map(({ cost }) => cost));
  const columnOf = ({ cost }: Point) => Math.round((20 * cost) / dearest);
  return [...new Set(points.map(columnOf))].flatMap((place) => {
    const column = points.filter((point) => columnOf(point) === place);
    const own = column.map(({ worth }) => worth);
    const heights = spread(own, gap, Math.max(...own));
    return column.map((point, i) => ({ ...point, height: heights[i] }));
  });
}

function frontier(all: Subjects, pencil: Pencil, figure: string): Markup {
  const points = pointsOf(all, figure);
  if (points.length < 2) {
    return absent(`Accuracy against ${figure}`, 'fewer than two of the runs have both figures');
  }
  const front = paretoFront(points);
  const isBest = (point: Point) => front.includes(point);
  const row = rowOf(all.comparison.rows, figure);
  const costs = points.map(({ cost }) => cost);
  const widest = Math.max(...costs) / Math.min(...costs);
  const { plotting } = pencil;
  const names = front.map(({ number, title }) => `#${number} ${title}`).join(', ');
  const drawing = pencil.plot(
    {
      title: `Test accuracy against ${figure}`,
      description: `${points.length} runs; on the Pareto front are ${names}.`,
    },
    {
      marginRight: 40,
      marginLeft: 50,
      insetLeft: 12,
      insetRight: 12,
      insetTop: 10,
      x: {
        label: `${figure} (${row.unit})`,
        type: widest > widestLinear ? 'log' : 'linear',
        nice: true,
        ticks: 6,
        tickFormat: '.3~r',
      },
      y: { label: 'test accuracy (%)', grid: true, nice: true, ticks: 6 },
      marks: [
        plotting.line(front, {
          x: 'cost',
          y: 'worth',
          curve: 'step-after',
          stroke: 'var(--accent)',
          strokeWidth: 1.5,
          strokeDasharray: '5 3',
        }),
        plotting.dot(points, {
          x: 'cost',
          y: 'worth',
          r: 5,
          stroke: 'var(--accent)',
          fill: (point: Point) => (isBest(point) ? 'var(--accent)' : 'var(--paper)'),
          title: ({ number, title }: Point) => `#${number} ${title}`,
        }),
        plotting.text(labelled(points), {
          x: 'cost',
          y: 'height',
          text: ({ number }: Point) => `#${number}`,
          dx: 9,
          textAnchor: 'start',
        }),
      ],
    },
  );
  const accuracyRow = rowOf(all.comparison.rows, 'test accuracy');
  return figureOf({
    caption: `Test accuracy against ${figure}`,
    kinds: points.flatMap(({ kinds }) => kinds),
    drawings: [drawing],
    legend:
      'Filled: on the Pareto front, which is dashed: no other run is better in one of the two and no worse in the other. Numbers are those of the summary.',
    data: tableOf(
      `Test accuracy against ${figure}`,
      [
        { head: 'run' },
        { head: html`${figure}, ${row.unit}`, numeric: true },
        { head: 'test accuracy, %', numeric: true },
        { head: 'Pareto front' },
      ],
      points.map((point) => [
        `#${point.number} ${point.title}`,
        cellOf({ value: point.cost, kind: point.kinds[1] }, row),
        cellOf({ value: point.worth, kind: point.kinds[0] }, accuracyRow),
        isBest(point) ? 'on it' : '',
      ]),
    ),
  });
}

/** Accuracy against what it costs; nothing for a single run. */
export function frontiers(all: Subjects, pencil: Pencil): Markup | null {
  if (all.subjects.length < 2) return null;
  const drawn = axes.map((figure) => frontier(all, pencil, figure));
  return html`<section id="frontier"><h2>Accuracy and its cost</h2>
<div class="figures">${drawn}</div></section>
`;
}
