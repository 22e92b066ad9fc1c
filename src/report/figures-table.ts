import type { RunRecord } from '../pipeline/runs.js';
import { figure } from './progress-text.js';
import { table } from './table.js';

/** Every figure that a run's stages found, and how it was come by, one a row. */
export function figuresTable({ metrics }: Pick<RunRecord, 'metrics'>): string {
  const rows = Object.entries(metrics).flatMap(([stage, figures]) =>
    Object.entries(figures).map(([name, { value, unit, kind }], i) => [
      i === 0 ? stage : '',
      name,
      figure({ value, unit: '', kind }),
      unit,
      kind,
    ]),
  );
  return table(
    [
      { head: 'stage', align: 'left' },
      { head: 'figure', align: 'left' },
      { head: 'value', align: 'right' },
      { head: 'unit', align: 'left' },
      { head: 'kind', align: 'left' },
    ],
    rows,
  );
}
