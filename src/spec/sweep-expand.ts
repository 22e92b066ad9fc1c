import { sha256 } from '../util/hash.js';
import { canonicalJson } from '../util/json.js';
import type { Problem } from './problem.js';
import { countOf, type Exclusion, type Sweep } from './sweep.js';
import type { Swept } from './sweep-axes.js';
import { find, merge, plain, type Tree } from './tree.js';

/** One combination of values, laid upon the spec that the sweep varies. */
export interface Combination {
  /** The spec's name and the values: the same whatever else the sweep holds. */
  readonly name: string;
  /** By field, as plain data. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly tree: Tree;
}

const longestName = 64;

interface Point {
  readonly field: string;
  readonly value: Tree;
}

function pointsOf({ groups }: Sweep, index: number): readonly Point[] {
  let rest = index;
  const points: Point[][] = [];
  for (const group of groups.toReversed()) {
    const length = group[0]?.values.length ?? 1;
    const at = rest % length;
    rest = Math.floor(rest / length);
    points.push(
      group.flatMap(({ field, values }) => {
        const value = values[at];
        return value === undefined ? [] : [{ field, value }];
      }),
    );
  }
  return points.reverse().flat();
}

function matches({ values }: Exclusion, texts: ReadonlyMap<string, string>): boolean {
  return [...values].every(([field, wanted]) => wanted.has(texts.get(field) ?? ''));
}

/** The last keys of a field's path, as few as tell it from the other fields. */
function shortName(field: string, axes: readonly Swept[]): string {
  const steps = field.split('.');
  const shared = (suffix: string) =>
    axes.filter((axis) => `.${axis.field}`.endsWith(`.${suffix}`)).length > 1;
  for (let length = 1; length < steps.length; length++) {
    const suffix = steps.slice(-length).join('.');
    if (!shared(suffix)) return suffix;
  }
  return field;
}

/** A value as part of a name; one that is no plain word is told by a few digits of its hash. */
function labelOf(key: string, value: unknown): string {
  const text = String(value);
  const isPlain = typeof value !== 'object' && /^[A-Za-z0-9._-]{1,24}$/.test(text);
  const word = isPlain ? text : sha256(canonicalJson(value)).slice(0, 6);
  return typeof value === 'number' && isPlain ? `${key}${word}` : `${key}-${word}`;
}

function nameOf(base: string, labels: readonly string[], identity: string): string {
  const name = [base, ...labels].join('-');
  return name.length <= longestName ? name : shortened(base, identity);
}

function shortened(base: string, identity: string): string {
  return `${base.slice(0, longestName - 13)}-${sha256(identity).slice(0, 12)}`;
}

function within(field: string, value: Tree): Tree {
  const { place } = value;
  return field.split('.').reduceRight<Tree>((tree, key) => {
    return { kind: 'map', place, entries: new Map([[key, { key: place, tree }]]) };
  }, value);
}

/**
 * Every combination that no exclusion matches, in order, as spec trees. An exclusion that matches
 * none is told in `warnings`.
 *
 * @param base the spec without its `sweep`
 */
export function expandSweep(sweep: Sweep, base: Tree, warnings: Problem[]): readonly Combination[] {
  const axes = sweep.groups.flat();
  const shorts = new Map(axes.map(({ field }) => [field, shortName(field, axes)]));
  const named = find(base, ['name']);
  const stem = named ? String(plain(named.tree)) : '';
  const useful = new Set<Exclusion>();
  const drafts: (Combination & { readonly identity: string })[] = [];
  for (let index = 0; index < countOf(sweep); index++) {
    const points = pointsOf(sweep, index);
    const values = Object.fromEntries(points.map(({ field, value }) => [field, plain(value)]));
    const texts = new Map(points.map(({ field }) => [field, canonicalJson(values[field])]));
    const hits = sweep.exclusions.filter((exclusion) => matches(exclusion, texts));
    for (const hit of hits) useful.add(hit);
    if (hits.length > 0) continue;
    const identity = canonicalJson(values);
    const labels = points.map(({ field }) => labelOf(shorts.get(field) ?? field, values[field]));
    const name = nameOf(stem, labels, identity);
    const tree = points.reduce((tree, { field, value }) => merge(tree, within(field, value)), base);
    drafts.push({ name, values, tree, identity });
  }
  for (const exclusion of sweep.exclusions) {
    if (useful.has(exclusion)) continue;
    const help = 'remove it, or correct its values';
    const message = 'this exclusion matches no combination';
    warnings.push({ place: exclusion.place, message, help });
  }
  const counts = new Map<string, number>();
  for (const { name } of drafts) counts.set(name, (counts.get(name) ?? 0) + 1);
  return drafts.map(({ name, values, tree, identity }) => {
    const own = (counts.get(name) ?? 0) > 1 ? shortened(stem, identity) : name;
    return { name: own, values, tree: named ? withName(tree, own) : tree };
  });
}

function withName(tree: Tree, name: string): Tree {
  if (tree.kind !== 'map') return tree;
  const entry = tree.entries.get('name');
  if (entry === undefined) return tree;
  const scalar: Tree = { kind: 'scalar', place: entry.tree.place, value: name };
  return { ...tree, entries: new Map([...tree.entries, ['name', { ...entry, tree: scalar }]]) };
}
