import { expect, it } from 'vitest';
import { figuresTable } from '../../src/report/figures-table.js';

it('lists every figure of every stage with its unit and kind', () => {
  const text = figuresTable({
    metrics: {
      evaluate: { 'test accuracy': { value: 98.02, unit: '%', kind: 'measured' } },
      synthesize: {
        LUT: { value: 3008, unit: 'LUT4', kind: 'counted' },
        'fmax after routing': { value: 32.3167, unit: 'MHz', kind: 'modelled' },
      },
    },
  });
  expect(
    text
      .split('\n')
      .slice(2)
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['evaluate', 'test accuracy', '98.02', '%', 'measured'],
    ['synthesize', 'LUT', '3008', 'LUT4', 'counted'],
    ['', 'fmax after routing', '32.32', 'MHz', 'modelled'],
  ]);
});
