import { operationOf } from '../cost-table.js';
import { ratio } from '../scaled.js';
import type { Pencil } from './drawing.js';
import { figureOf, tableOf } from './figure.js';
import type { Markup } from './markup.js';
import type { Subject } from './subject.js';

/** What the binary layers of a run cost, beside 1 bit; nothing for a real-valued network. */
export function costOfLayers({ cost, title }: Subject, pencil: Pencil): Markup | null {
  if (cost === null) return null;
  const { layers, total, quantization } = cost;
  const operation = operationOf(quantization.activations);
  const { plotting } = pencil;
  const names = layers.map(({ name }) => name);
  const drawing = (
    what: string,
    label: string,
    of: (layer: (typeof layers)[number]) => readonly [number, number],
  ) =>
    pencil.plot(
      {
        title: `${what} of the binary layers of ${title}`,
        description: layers
          .map((layer) => {
            const [oneBit, subBit] = of(layer);
            return `${layer.name}: ${subBit.toPrecision(4)}, at 1 bit ${oneBit.toPrecision(4)}`;
          })
          .join('; '),
      },
      {
        height: 60 + 22 * layers.length,
        marginLeft: 20 + 7 * Math.max(...names.map((name) => name.length)),
        marginRight: 20,
        x: { label, grid: true, ticks: 5, nice: true },
        y: { label: null, domain: names, padding: 0.25 },
        marks: [
          plotting.barX(layers, {
            y: 'name',
            x: (layer: (typeof layers)[number]) => of(layer)[0],
            fill: 'var(--track)',
          }),
          plotting.barX(layers, {
            y: 'name',
            x: (layer: (typeof layers)[number]) => of(layer)[1],
            fill: 'var(--accent)',
            insetTop: 4,
            insetBottom: 4,
          }),
          plotting.ruleX([0], { stroke: 'currentColor' }),
        ],
      },
    );
  const row = (
    name: string,
    taus: string | number,
    sums: Pick<typeof total, keyof typeof total>,
  ) => [
    name,
    taus,
    (sums.oneBitBits / 1e3).toFixed(1),
    (sums.subBitBits / 1e3).toFixed(1),
    (sums.subsetBits / 1e3).toFixed(1),
    (sums.oneBitOps / 1e6).toFixed(3),
    (sums.subBitOps / 1e6).toFixed(3),
    ratio(sums.oneBitOps, sums.subBitOps),
  ];
  return figureOf({
    caption: `Cost of the binary layers of ${title}`,
    kinds: ['counted'],
    wide: true,
    drawings: [
      drawing('Weights', 'weights (kbit)', (layer) => [
        layer.oneBitBits / 1e3,
        layer.subBitBits / 1e3,
      ]),
      drawing(operation, `${operation} an image (M)`, (layer) => [
        layer.oneBitOps / 1e6,
        layer.subBitOps / 1e6,
      ]),
    ],
    legend: `Wide: the same layer at 1 bit. Narrow: this run. Weights are the indices, subsets apart. A layer saves ${operation} only if its subset's responses are fewer than it has use for.`,
    data: tableOf(
      `Cost of ${title}, layer by layer`,
      [
        { head: 'layer' },
        { head: 'tau', numeric: true },
        { head: 'kbit at 1 bit', numeric: true },
        { head: 'kbit', numeric: true },
        { head: 'kbit of the subset', numeric: true },
        { head: `M ${operation} at 1 bit`, numeric: true },
        { head: `M ${operation}`, numeric: true },
        { head: 'fewer', numeric: true },
      ],
      [...layers.map((layer) => row(layer.name, layer.tau, layer)), row('all', '', total)],
    ),
  });
}
