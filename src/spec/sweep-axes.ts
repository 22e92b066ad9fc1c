import { canonicalJson } from '../util/json.js';
import { nearest } from '../util/nearest.js';
import type { Place, Problem } from './problem.js';
import { allFields, fieldAt } from './schema.js';
import { type Entry, plain, type Tree } from './tree.js';

/** One field that a sweep varies, with its values in order, each where it was written. */
export interface Swept {
  readonly field: string;
  readonly key: Place;
  readonly values: readonly Tree[];
}

/** More values than any axis has a use for; a step that is far too small runs into it. */
const mostValues = 100_000;

/** Digits that a range keeps, so that 0.1 + 2 * 0.1 is 0.3. */
const rangeDigits = 12;

/** Fields that a sweep itself decides, or that are no field of one experiment. */
const reserved: Readonly<Record<string, string>> = {
  name: 'the sweep names its experiments by their values',
  extends: 'write it beside sweep, for all experiments',
  sweep: 'a sweep holds no sweeps',
};

/** Whether `field` is one that a sweep may vary; tells why not. */
export function isSweepable(field: string, place: Place, problems: Problem[]): boolean {
  const [top = ''] = field.split('.');
  const why = reserved[top];
  if (why !== undefined) {
    problems.push({ place, message: `"${field}" cannot be varied by a sweep`, help: why });
    return false;
  }
  if (fieldAt(field.split('.')) !== null) return true;
  const paths = allFields().map(([path]) => path);
  const ends = paths.filter((path) => path.endsWith(`.${field}`));
  const similar = ends[0] ?? nearest(field, paths);
  problems.push({
    place,
    message: `a spec has no field "${field}"`,
    help: similar ? `did you mean "${similar}"?` : 'docs/spec.md lists every field',
  });
  return false;
}

/** An axis as it stands behind its field: a list, or a range; null after telling what is wrong. */
export function readAxis(field: string, entry: Entry, problems: Problem[]): Swept | null {
  if (!isSweepable(field, entry.key, problems)) return null;
  const before = problems.length;
  const values = valuesOf(field, entry, problems);
  if (problems.length > before) return null;
  const seen = new Set<string>();
  for (const value of values) {
    const text = canonicalJson(plain(value));
    if (seen.has(text)) {
      problems.push({ place: value.place, message: `${field} has the value ${text} twice` });
      return null;
    }
    seen.add(text);
  }
  return { field, key: entry.key, values };
}

function valuesOf(field: string, { key, tree }: Entry, problems: Problem[]): readonly Tree[] {
  if (tree.kind === 'map') return rangeOf(field, tree, key, problems);
  if (tree.kind === 'list') {
    if (tree.items.length > 0) return tree.items;
    problems.push({ place: key, message: `the axis ${field} has no values`, help: 'list one' });
    return [];
  }
  problems.push({
    place: tree.value === null ? key : tree.place,
    message: `the axis ${field} must be a list or a range`,
    help: 'write [1, 2, 4], or {from: 1, to: 4}',
  });
  return [];
}

/** `{from, to, step}`, both ends in it, or `{from, to, count, scale: linear | log}`. */
function rangeOf(
  field: string,
  tree: Extract<Tree, { kind: 'map' }>,
  key: Place,
  problems: Problem[],
): readonly Tree[] {
  const refuse = (place: Place, message: string): readonly Tree[] => {
    problems.push({ place, message: `the range of ${field} ${message}` });
    return [];
  };
  const known = ['from', 'to', 'step', 'count', 'scale'];
  for (const [name, entry] of tree.entries) {
    if (known.includes(name)) continue;
    return refuse(entry.key, `has no key "${name}": its keys are ${known.join(', ')}`);
  }
  const number = (name: string): number | null => {
    const value = tree.entries.get(name)?.tree;
    return value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : null;
  };
  const placeOf = (name: string) => tree.entries.get(name)?.tree.place ?? key;
  const [from, to, count] = [number('from'), number('to'), number('count')];
  if (from === null) return refuse(placeOf('from'), 'needs a number "from"');
  if (to === null) return refuse(placeOf('to'), 'needs a number "to"');
  if (to < from) return refuse(placeOf('to'), 'ends before it begins');
  const written = (value: number): Tree => ({
    kind: 'scalar',
    place: key,
    value: Number(value.toPrecision(rangeDigits)),
  });
  const scale = tree.entries.get('scale');
  if (!tree.entries.has('count')) {
    if (scale) return refuse(scale.key, 'has a scale, which needs a count');
    const step = tree.entries.has('step') ? number('step') : 1;
    if (step === null || step <= 0) return refuse(placeOf('step'), 'needs a step above 0');
    const steps = Math.floor((to - from) / step + 1e-9);
    if (steps >= mostValues) return refuse(placeOf('step'), `has more than ${mostValues} values`);
    return Array.from({ length: steps + 1 }, (_, i) => written(from + i * step));
  }
  if (tree.entries.has('step')) return refuse(placeOf('step'), 'has both a step and a count');
  if (count === null || !Number.isInteger(count) || count < 2 || count > mostValues) {
    return refuse(placeOf('count'), `needs a count from 2 to ${mostValues}`);
  }
  const kind = scale ? plain(scale.tree) : 'linear';
  const share = (i: number) => i / (count - 1);
  if (kind === 'linear') {
    return Array.from({ length: count }, (_, i) => written(from + share(i) * (to - from)));
  }
  if (kind !== 'log') return refuse(placeOf('scale'), 'has a scale that is neither linear nor log');
  if (from <= 0) return refuse(placeOf('from'), 'must begin above 0 for a log scale');
  return Array.from({ length: count }, (_, i) => written(from * (to / from) ** share(i)));
}
