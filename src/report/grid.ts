import { printable } from '../spec/problem.js';
import { type Column, table } from './table.js';

/** A table's cells as text, before it takes a form; what stands below it, a line each. */
export interface Grid {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** Forms that a grid may take. */
export const gridFormats = ['table', 'markdown', 'csv', 'latex'] as const;

export type GridFormat = (typeof gridFormats)[number];

const latexSpecial: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
};

function latexText(text: string): string {
  return text.replaceAll(/[\\~^±&%$#_{}]/g, (char) => latexSpecial[char] ?? `\\${char}`);
}

function markdownText(text: string): string {
  return text
    .replaceAll(/[\\|*_`[\]]/g, (char) => `\\${char}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function csvText(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lays a grid out. Text of any content stays text: no cell opens markup, a field or a line. */
export function renderGrid({ columns, rows, notes }: Grid, format: GridFormat): string {
  const lines = [columns.map(({ head }) => head), ...rows].map((cells) => cells.map(printable));
  const [head = [], ...body] = lines;
  switch (format) {
    case 'table':
      return [
        table(
          columns.map(({ align }, i) => ({ head: head[i] ?? '', align })),
          body,
        ),
        ...(notes.length > 0 ? ['', ...notes.map(printable)] : []),
      ].join('\n');
    case 'markdown': {
      const row = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
      const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
      const below = notes
        .filter((note) => note !== '')
        .map((note) => markdownText(printable(note)));
      return [
        row(head),
        `| ${rule.join(' | ')} |`,
        ...body.map(row),
        ...below.flatMap((note) => ['', note]),
      ].join('\n');
    }
    case 'csv':
      return lines.map((cells) => cells.map(csvText).join(',')).join('\n');
    case 'latex': {
      const row = (cells: readonly string[]) => `${cells.map(latexText).join(' & ')} \\\\`;
      const layout = columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join('');
      return [
        `\\begin{tabular}{${layout}}`,
        row(head),
        '\\hline',
        ...body.map(row),
        '\\end{tabular}',
        ...notes.filter((note) => note !== '').map((note) => `% ${printable(note)}`),
      ].join('\n');
    }
  }
}
