import type { Cell, Comparison, ComparisonRow } from './compare.js';
import { type Grid, renderGrid } from './grid.js';

function cellText(cell: Cell, index: number, { digits, relative, unit }: ComparisonRow): string {
  if ('missing' in cell) return '-';
  if (relative && index === 0) return '';
  const sign = relative && unit === 'points' && cell.value >= 0 ? '+' : '';
  return `${sign}${cell.value.toFixed(digits)}`;
}

function kindsText({ cells }: ComparisonRow): string {
  const kinds = cells.flatMap((cell) => ('missing' in cell ? [] : [cell.kind]));
  return [...new Set(kinds)].join(', ');
}

/** Why figures are missing: each reason once, with the runs that it holds for. */
function missingText({ runs, rows }: Comparison): readonly string[] {
  const reasons = new Map<string, Set<string>>();
  for (const { cells } of rows) {
    cells.forEach((cell, i) => {
      if (!('missing' in cell)) return;
      const titles = reasons.get(cell.missing) ?? new Set();
      reasons.set(cell.missing, titles.add(runs[i].title));
    });
  }
  return [...reasons].map(([reason, titles]) => `- ${[...titles].join(', ')}: ${reason}`);
}

/** A comparison to lay out: a column a run, a row a figure, and how each figure was come by. */
export function comparisonGrid(comparison: Comparison): Grid {
  const { runs, rows } = comparison;
  const [first, ...others] = runs;
  const against = [
    `Differences and speed-ups are against ${first?.title}.`,
    'CPU times were taken as each run was evaluated, not side by side.',
  ];
  const missing = missingText(comparison);
  const divider = missing.length > 0 && others.length > 0 ? [''] : [];
  return {
    columns: [
      { head: '', align: 'left' },
      { head: 'unit', align: 'left' },
      ...runs.map(({ title }) => ({ head: title, align: 'right' as const })),
      { head: '', align: 'left' },
    ],
    rows: rows.map((row) => [
      row.figure,
      row.unit,
      ...row.cells.map((cell, i) => cellText(cell, i, row)),
      kindsText(row),
    ]),
    notes: [...missing, ...divider, ...(others.length > 0 ? against : [])],
  };
}

/** A comparison for people; see {@link comparisonGrid}. */
export function comparisonTable(comparison: Comparison): string {
  return renderGrid(comparisonGrid(comparison), 'table');
}
