import type { Cell, ComparisonRow } from '../compare.js';
import { figure } from '../progress-text.js';
import { kindMark, tableOf } from './figure.js';
import { type Content, html, type Markup } from './markup.js';
import type { Subjects } from './subject.js';

/** What of a comparison stands in the summary, a column each; docs/report.md lists them. */
export const summarised = [
  'test accuracy',
  'bits per binary weight',
  'stored bits per binary weight',
  'packed model, all of it',
  'Bit-OPs an image',
  'CPU time an image, 1 thread',
  'FPGA cycles an image',
] as const;

/** The row of a figure's name; an error where a comparison has none of it. */
export function rowOf(rows: readonly ComparisonRow[], name: string): ComparisonRow {
  const row = rows.find((candidate) => candidate.figure === name);
  if (!row) throw new Error(`no figure is called ${name}`);
  return row;
}

/** A figure with how it was come by, or a dash. */
export function cellOf(cell: Cell, { digits }: Pick<ComparisonRow, 'digits'>): Content {
  if ('missing' in cell) return html`<span class="quiet">-</span>`;
  const value = digits === 0 ? figure({ ...cell, unit: '' }) : cell.value.toFixed(digits);
  return html`${value}${kindMark(cell.kind)}`;
}

/** Why figures are missing, each reason once, with the runs that it holds for. */
function missingList({ subjects }: Subjects, rows: readonly ComparisonRow[]): Markup | null {
  const reasons = new Map<string, Set<number>>();
  for (const { cells } of rows) {
    cells.forEach((cell, i) => {
      if (!('missing' in cell)) return;
      const runs = reasons.get(cell.missing) ?? new Set();
      reasons.set(cell.missing, runs.add(subjects[i].number));
    });
  }
  if (reasons.size === 0) return null;
  const text = [...reasons].map(
    ([reason, runs]) => html`<li>${[...runs].map((run) => `#${run}`).join(', ')}: ${reason}</li>`,
  );
  return html`<details><summary>Why figures are missing</summary><ul>${text}</ul></details>`;
}

/** The runs, one a row, with the figures that one asks for first. */
export function overview(all: Subjects): Markup {
  const { subjects, comparison } = all;
  const rows = summarised.map((name) => rowOf(comparison.rows, name));
  const shown = rows.filter(({ cells }) => cells.some((cell) => 'value' in cell));
  return html`<section id="summary"><h2>Summary</h2>
${tableOf(
  'Runs and their main figures',
  [
    { head: 'run' },
    { head: 'data' },
    ...shown.map(({ figure: name, unit }) => ({ head: html`${name}, ${unit}`, numeric: true })),
  ],
  subjects.map(({ number, title, run }, i) => [
    html`<a href="#run${number}">#${number} ${title}</a>`,
    run.spec.data.set,
    ...shown.map((row) => cellOf(row.cells[i], row)),
  ]),
)}
${missingList(all, rows)}
</section>
`;
}
