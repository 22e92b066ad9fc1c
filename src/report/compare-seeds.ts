import type { FigureKind } from '../pipeline/events.js';
import type { RunRecord } from '../pipeline/runs.js';
import { printable } from '../spec/problem.js';
import { Failure } from '../util/failure.js';
import { canonicalJson, isRecord } from '../util/json.js';
import { nearest } from '../util/nearest.js';
import { type ComparisonRow, compareRuns } from './compare.js';
import type { Grid } from './grid.js';
import { type Estimate, estimate } from './statistics.js';

/** A figure over the seeds of a variant; `count` of them have it. Null: none has. */
export type SeedCell = (Estimate & { readonly kind: FigureKind }) | null;

/** Runs that differ in their seeds alone. */
export interface Variant {
  /** The fields in which it differs from the others, or the spec's name where it is the only one. */
  readonly title: string;
  readonly runs: readonly string[];
  readonly seeds: readonly number[];
  /** In the order of the figures. */
  readonly cells: readonly SeedCell[];
}

/** Variants side by side. */
export interface SeedComparison {
  readonly figures: readonly Pick<ComparisonRow, 'figure' | 'unit' | 'digits'>[];
  readonly variants: readonly Variant[];
}

/** Fields of a spec, by their dotted paths, as text; without those that do not tell variants apart. */
function leavesOf(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (path === 'name' || path === 'seed') return [];
  if (!isRecord(value)) return [[path, typeof value === 'string' ? value : canonicalJson(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

function titlesOf(runs: readonly RunRecord[]): readonly string[] {
  const leaves = runs.map(({ spec }) => new Map(leavesOf(spec)));
  const fields = [...new Set(leaves.flatMap((fields) => [...fields.keys()]))].filter(
    (field) => new Set(leaves.map((fields) => fields.get(field))).size > 1,
  );
  const lastKey = (field: string) => field.slice(field.lastIndexOf('.') + 1);
  const label = (field: string) =>
    fields.filter((other) => lastKey(other) === lastKey(field)).length > 1 ? field : lastKey(field);
  return runs.map(({ spec }, i) => {
    const parts = fields.flatMap((field) => {
      const value = leaves[i]?.get(field);
      return value === undefined ? [] : [`${label(field)} ${value}`];
    });
    return parts.length > 0 ? parts.join(', ') : spec.name.replace(/-seed\d+$/, '');
  });
}

/**
 * Takes runs together that differ in seed and name alone: means of every figure over the seeds, with the
 * 95 % interval of Student's t. Of several runs with one seed the last counts, so that every value of a
 * mean is independent of the others.
 *
 * @param runs oldest first
 */
export function compareSeeds(runs: readonly RunRecord[]): SeedComparison {
  const groups = new Map<string, Map<number, RunRecord>>();
  for (const run of runs) {
    const { name: _, seed, ...rest } = run.spec;
    const key = canonicalJson(rest);
    const seeds = groups.get(key) ?? new Map<number, RunRecord>();
    groups.set(key, seeds.set(seed, run));
  }
  const members = [...groups.values()].map((seeds) =>
    [...seeds].sort(([a], [b]) => a - b).map(([, run]) => run),
  );
  const titles = titlesOf(members.flatMap(([first]) => first ?? []));
  const compared = members.map((runs) => compareRuns(runs).rows.filter((row) => !row.relative));
  const [rows = []] = compared;
  return {
    figures: rows.map(({ figure, unit, digits }) => ({ figure, unit, digits })),
    variants: members.map((runs, i) => ({
      title: titles[i] ?? '',
      runs: runs.map(({ id }) => id),
      seeds: runs.map(({ spec }) => spec.seed),
      cells: compared[i].map(({ cells }): SeedCell => {
        const found = cells.flatMap((cell) => ('missing' in cell ? [] : [cell]));
        const [first] = found;
        if (first === undefined) return null;
        return { ...estimate(found.map(({ value }) => value)), kind: first.kind };
      }),
    })),
  };
}

function cellText(cell: SeedCell | undefined, digits: number, seeds: number): string {
  if (!cell) return '-';
  const { mean, margin, count } = cell;
  const isExact = margin === null || margin <= Math.abs(mean) * 1e-9;
  const spread = isExact ? '' : ` ± ${margin.toFixed(digits)}`;
  return `${mean.toFixed(digits)}${spread}${count < seeds ? ` (${count} of ${seeds})` : ''}`;
}

/** What is shown unless figures are named: what fits beside each other and decides most often. */
const usualFigures = [
  'test accuracy',
  'bits per binary weight',
  'stored bits per binary weight',
  'packed model, all of it',
  'Bit-OPs an image',
  'CPU time an image, 1 thread',
  'FPGA cycles an image, binary layers',
];

/**
 * A row a variant, a column a figure; figures that no variant has are left out.
 *
 * @param wanted figures by name, in their order; none: the usual ones
 */
export function seedGrid(
  { figures, variants }: SeedComparison,
  wanted: readonly string[] = [],
): Grid {
  const names = wanted.length > 0 ? wanted : usualFigures;
  const shown = names.flatMap((name) => {
    const at = wanted.length > 0 ? positionOf(figures, name) : named(figures, name);
    const kind = variants.flatMap(({ cells }) => cells[at]?.kind ?? [])[0];
    return kind === undefined ? [] : [{ ...figures[at], kind, at }];
  });
  const isSpread = variants.some(({ seeds }) => seeds.length > 1);
  const kinds = [...new Set(shown.map(({ kind }) => kind))].map((kind) => {
    const those = shown.filter((figure) => figure.kind === kind).map(({ figure }) => figure);
    return `${kind}: ${those.join('; ')}`;
  });
  return {
    columns: [
      { head: 'variant', align: 'left' },
      { head: 'seeds', align: 'right' },
      ...shown.map(({ figure, unit }) => ({
        head: `${figure} (${unit})`,
        align: 'right' as const,
      })),
    ],
    rows: variants.map(({ title, seeds, cells }) => [
      title,
      String(seeds.length),
      ...shown.map(({ at, digits }) => cellText(cells[at], digits, seeds.length)),
    ]),
    notes: [
      ...(isSpread ? ["Means over the seeds, ± half of the 95 % interval by Student's t."] : []),
      ...kinds,
    ],
  };
}

type Named = Pick<ComparisonRow, 'figure'>;

function named(figures: readonly Named[], name: string): number {
  return figures.findIndex(({ figure }) => figure === name);
}

/** Position of a figure by its name. Throws a Failure of kind `input` where there is none. */
export function positionOf(figures: readonly Named[], name: string): number {
  const at = named(figures, name);
  if (at >= 0) return at;
  const names = figures.map(({ figure }) => figure);
  const similar = nearest(name, names);
  throw new Failure('input', `there is no figure "${printable(name)}"`, [
    similar ? `did you mean "${similar}"?` : `the figures are: ${names.join('; ')}`,
  ]);
}
