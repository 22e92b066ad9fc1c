import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/pipeline/runs.js';
import { compareRuns } from '../../src/report/compare.js';
import { compareSeeds, seedGrid } from '../../src/report/compare-seeds.js';
import { renderGrid } from '../../src/report/grid.js';
import { runOrder, sortVariants } from '../../src/report/sort-compared.js';
import { spec } from '../pipeline/support.js';

let count = 0;

/** A finished run that found this accuracy; null: it was not evaluated. */
function found(tau: number, seed: number, accuracy: number | null): RunRecord {
  count += 1;
  const name = `study-tau${tau}-seed${seed}`;
  const metric = { value: accuracy ?? 0, unit: '%', kind: 'measured' as const };
  return {
    format: 1,
    id: `${name}-20260102T030405Z-${String(count).padStart(6, '0')}`,
    status: 'finished',
    specFile: null,
    spec: { ...spec, name, seed, quantize: { ...spec.quantize, tau } },
    stages: [],
    metrics: accuracy === null ? {} : { evaluate: { 'test accuracy': metric } },
    error: null,
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: null,
    tool: 'test',
    process: '',
  };
}

const accuracyOf = (runs: readonly RunRecord[]) => {
  const { figures, variants } = compareSeeds(runs);
  const at = figures.findIndex(({ figure }) => figure === 'test accuracy');
  return variants.map(({ title, seeds, cells }) => ({ title, seeds, cell: cells[at] }));
};

it('takes seeds together: mean and interval, each variant named by what differs', () => {
  const [four, five] = accuracyOf([
    found(4, 2, 80),
    found(5, 1, 90),
    found(4, 1, 82),
    found(4, 3, 84),
  ]);
  expect(four).toMatchObject({ title: 'tau 4', seeds: [1, 2, 3] });
  expect(four?.cell).toMatchObject({ mean: 82, count: 3, kind: 'measured' });
  // Standard deviation 2, three values: t(2) * 2 / sqrt(3), t from printed tables.
  expect(four?.cell?.margin).toBeCloseTo((4.3027 * 2) / Math.sqrt(3), 3);
  expect(five).toMatchObject({ title: 'tau 5', seeds: [1], cell: { mean: 90, margin: null } });
});

it('counts a seed once, by its newest run, and tells how many have a figure', () => {
  const runs = [found(4, 1, 10), found(4, 1, 80), found(4, 2, 90), found(4, 3, null)];
  const [only] = accuracyOf(runs);
  expect(only).toMatchObject({ seeds: [1, 2, 3], cell: { mean: 85, count: 2 } });
  expect(only?.title).toBe('study-tau4');
  const text = renderGrid(seedGrid(compareSeeds(runs), ['test accuracy']), 'csv');
  expect(text.split('\n')[1]).toMatch(/^study-tau4,3,85\.00 ± \d+\.\d\d \(2 of 3\)$/);
});

it('sorts by a figure, those without it last', () => {
  const runs = [found(3, 1, null), found(4, 1, 80), found(5, 1, 90)];
  const comparison = compareSeeds(runs);
  const titles = (reverse: boolean) =>
    sortVariants(comparison, 'test accuracy', reverse).variants.map(({ title }) => title);
  expect(titles(false)).toEqual(['tau 5', 'tau 4', 'tau 3']);
  expect(titles(true)).toEqual(['tau 4', 'tau 5', 'tau 3']);
  expect(runOrder(compareRuns(runs), 'test accuracy', false)).toEqual([2, 1, 0]);
  expect(() => sortVariants(comparison, 'test acuracy', false)).toThrow(
    'there is no figure "test acuracy"',
  );
});
