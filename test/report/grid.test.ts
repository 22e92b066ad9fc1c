import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Grid, renderGrid } from '../../src/report/grid.js';

const grid: Grid = {
  columns: [
    { head: 'variant', align: 'left' },
    { head: 'accuracy (%)', align: 'right' },
  ],
  rows: [['a|b_c, "d"', '90.1 ± 0.2']],
  notes: ['50 % & more'],
};

it('is a table for people', () => {
  expect(renderGrid(grid, 'table')).toBe(
    [
      'variant     accuracy (%)',
      '────────────────────────',
      'a|b_c, "d"    90.1 ± 0.2',
      '',
      '50 % & more',
    ].join('\n'),
  );
});

it('is Markdown', () => {
  expect(renderGrid(grid, 'markdown')).toBe(
    [
      '| variant | accuracy (%) |',
      '| --- | ---: |',
      '| a\\|b\\_c, "d" | 90.1 ± 0.2 |',
      '',
      '50 % &amp; more',
    ].join('\n'),
  );
});

it('is LaTeX', () => {
  expect(renderGrid(grid, 'latex')).toBe(
    [
      '\\begin{tabular}{lr}',
      'variant & accuracy (\\%) \\\\',
      '\\hline',
      'a|b\\_c, "d" & 90.1 $\\pm$ 0.2 \\\\',
      '\\end{tabular}',
      '% 50 % & more',
    ].join('\n'),
  );
});

/** Fields of CSV text by RFC 4180, as a reader that knows nothing of the writer takes them. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/gy;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') break;
    if (match[3] === '\n') rows.push([]);
  }
  return rows;
}

it('is CSV that reads back, whatever the cells hold', () => {
  const cell = fc.string().map((text) => text.replaceAll(/\p{C}/gu, ''));
  fc.assert(
    fc.property(cell, cell, (a, b) => {
      const csv = renderGrid({ ...grid, rows: [[a, b]] }, 'csv');
      expect(parseCsv(csv)).toEqual([
        ['variant', 'accuracy (%)'],
        [a.replaceAll(/[\p{Zl}\p{Zp}]/gu, '\ufffd'), b.replaceAll(/[\p{Zl}\p{Zp}]/gu, '\ufffd')],
      ]);
    }),
  );
});

it('lets no cell break its line in any form', () => {
  const rows = [['x\ny\r\u2028<b>', '']];
  for (const format of ['markdown', 'csv', 'latex'] as const) {
    const lines = renderGrid({ ...grid, rows, notes: [] }, format).split(/[\n\r\u2028]/);
    const around = { markdown: 2, csv: 1, latex: 4 }[format];
    expect(lines).toHaveLength(1 + around);
  }
  expect(renderGrid({ ...grid, rows }, 'markdown')).toContain('x\ufffdy\ufffd\ufffd&lt;b>');
});
