import type { Cell, Comparison, ComparisonRow } from './compare.js';
import { table } from './table.js';

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

/** A comparison for people: a column a run, a row a figure, and how each figure was come by. */
export function comparisonTable(comparison: Comparison): string {
  const { runs, rows } = comparison;
  const laidOut = table(
    [
      { head: '', align: 'left' },
      { head: 'unit', align: 'left' },
      ...runs.map(({ title }) => ({ head: title, align: 'right' as const })),
      { head: '', align: 'left' },
    ],
    rows.map((row) => [
      row.figure,
      row.unit,
      ...row.cells.map((cell, i) => cellText(cell, i, row)),
      kindsText(row),
    ]),
  );
  const [first, ...others] = runs;
  const against = [
    `Differences and speed-ups are against ${first?.title}.`,
    'CPU times were taken as each run was evaluated, not side by side.',
  ];
  const missing = missingText(comparison);
  return [
    laidOut,
    ...(missing.length > 0 ? ['', ...missing] : []),
    ...(others.length > 0 ? ['', ...against] : []),
  ].join('\n');
}
