import type { FigureKind, Metric } from '../../pipeline/events.js';
import { figure } from '../progress-text.js';
import type { Pencil } from './drawing.js';
import { figureOf, kindMark, tableOf } from './figure.js';
import { html, type Markup } from './markup.js';
import type { Subject } from './subject.js';

/** A resource of a part: what is taken, and what there is. */
interface Resource {
  readonly name: string;
  readonly taken: number;
  readonly there: number;
  readonly kind: FigureKind;
}

/** Figures that are told as so many of so many. */
export function resourcesOf(metrics: Readonly<Record<string, Metric>>): readonly Resource[] {
  return Object.entries(metrics).flatMap(([name, { value, unit, kind }]) => {
    const there = /^of (\d+)$/.exec(unit)?.[1];
    return there === undefined ? [] : [{ name, taken: value, there: Number(there), kind }];
  });
}

/** How full the FPGA of a run is; nothing where none was synthesised. */
export function hardwareOf({ run, title }: Subject, pencil: Pencil): Markup | null {
  const metrics = run.metrics.synthesize;
  if (metrics === undefined) return null;
  const resources = resourcesOf(metrics);
  if (resources.length === 0) return null;
  const { plotting } = pencil;
  const percent = ({ taken, there }: Resource) => (100 * taken) / there;
  const part = run.spec.device.target;
  return figureOf({
    caption: `Use of the ${part} by the accelerator of ${title}`,
    kinds: resources.map(({ kind }) => kind),
    drawings: [
      pencil.plot(
        {
          title: `Resources of the ${part} that are used`,
          description: resources
            .map(({ name, taken, there }) => `${name}: ${taken} of ${there}`)
            .join('; '),
        },
        {
          height: 60 + 30 * resources.length,
          marginLeft: 100,
          marginRight: 90,
          x: { label: 'used (%)', domain: [0, 100], ticks: 5, grid: true },
          y: { label: null, domain: resources.map(({ name }) => name), padding: 0.3 },
          marks: [
            plotting.barX(resources, { y: 'name', x: () => 100, fill: 'var(--track)' }),
            plotting.barX(resources, { y: 'name', x: percent, fill: 'var(--accent)' }),
            plotting.text(resources, {
              y: 'name',
              x: () => 100,
              text: ({ taken, there }: Resource) =>
                `${figure({ value: taken, unit: '', kind: 'counted' })} of ${there}`,
              textAnchor: 'start',
              dx: 6,
            }),
          ],
        },
      ),
    ],
    data: tableOf(
      `Synthesis of ${title}`,
      [{ head: 'figure' }, { head: 'value', numeric: true }, { head: 'unit' }],
      Object.entries(metrics).map(([name, metric]) => [
        name,
        html`${figure({ ...metric, unit: '' })}${kindMark(metric.kind)}`,
        metric.unit,
      ]),
    ),
  });
}
