import { canonicalJson } from '../util/json.js';
import { nearest } from '../util/nearest.js';
import type { Place, Problem } from './problem.js';
import { isSweepable, readAxis, type Swept } from './sweep-axes.js';
import { type Entry, find, plain, type Tree } from './tree.js';

/** Fields that change together: each has as many values as the others. */
export type Group = readonly Swept[];

/** Combinations to leave out: those that have, for every field, one of its values. */
export interface Exclusion {
  readonly place: Place;
  /** Canonical JSON of the values that match, by field. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What `sweep` says: groups of fields to cross with each other, the last changing fastest. */
export interface Sweep {
  readonly groups: readonly Group[];
  readonly exclusions: readonly Exclusion[];
}

const keys = ['axes', 'zip', 'seeds', 'exclude'];

/**
 * Reads the value of `sweep`; whatever is wrong with it is added to `problems`.
 *
 * @param base the spec that it varies, for the seed from which a count of seeds starts
 */
export function readSweep(sweep: Entry, base: Tree, problems: Problem[]): Sweep {
  const { key, tree } = sweep;
  if (tree.kind !== 'map') {
    const message = 'sweep must be a map of axes, zip, seeds and exclude';
    problems.push({ place: key, message });
    return { groups: [], exclusions: [] };
  }
  for (const [name, entry] of tree.entries) {
    if (keys.includes(name)) continue;
    const similar = nearest(name, keys);
    const help = similar ? `did you mean "${similar}"?` : `its keys are ${keys.join(', ')}`;
    problems.push({ place: entry.key, message: `sweep has no key "${name}"`, help });
  }
  const groups = [
    ...axesOf(tree.entries.get('axes'), problems).map((axis) => [axis]),
    ...zipsOf(tree.entries.get('zip'), problems),
    ...seedsOf(tree.entries.get('seeds'), base, problems),
  ];
  if (groups.length === 0 && problems.length === 0) {
    const help = 'write one below axes: quantize.tau: [4, 5]';
    problems.push({ place: key, message: 'the sweep has no axes', help });
  }
  checkOverlaps(groups.flat(), problems);
  const fields = groups.flat().map(({ field }) => field);
  const exclusions = exclusionsOf(tree.entries.get('exclude'), fields, problems);
  return { groups, exclusions };
}

/** How many experiments there are before any is excluded. */
export function countOf({ groups }: Sweep): number {
  return groups.reduce((count, [first]) => count * (first?.values.length ?? 1), 1);
}

function axesOf(axes: Entry | undefined, problems: Problem[]): readonly Swept[] {
  if (axes === undefined) return [];
  if (axes.tree.kind !== 'map') {
    const message = 'axes must be a map of fields to their values';
    problems.push({ place: axes.key, message, help: 'such as quantize.tau: [4, 5]' });
    return [];
  }
  return [...axes.tree.entries].flatMap(([field, entry]) => readAxis(field, entry, problems) ?? []);
}

function zipsOf(zip: Entry | undefined, problems: Problem[]): readonly Group[] {
  if (zip === undefined) return [];
  const items = zip.tree.kind === 'list' ? zip.tree.items : [zip.tree];
  return items.flatMap((item): Group[] => {
    if (item.kind !== 'map' || item.entries.size === 0) {
      const message = 'zip must be a map of fields to lists of one length, or a list of such maps';
      problems.push({ place: item.kind === 'map' ? zip.key : item.place, message });
      return [];
    }
    const group = axesOf({ key: zip.key, tree: item }, problems);
    const [first] = group;
    const uneven = group.find(({ values }) => values.length !== first?.values.length);
    if (first === undefined || uneven === undefined) return first ? [group] : [];
    problems.push({
      place: uneven.key,
      message: `${uneven.field} has ${uneven.values.length} values, ${first.field} zipped with it has ${first.values.length}`,
      help: 'zipped lists are of one length; axes are crossed',
    });
    return [];
  });
}

function seedsOf(seeds: Entry | undefined, base: Tree, problems: Problem[]): readonly Group[] {
  if (seeds === undefined) return [];
  const { key, tree } = seeds;
  const count = tree.kind === 'scalar' ? tree.value : null;
  if (tree.kind === 'scalar') {
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 100_000) {
      const message = 'seeds must be how many there are, or a list or range of them';
      problems.push({ place: count === null ? key : tree.place, message });
      return [];
    }
    const written = find(base, ['seed']);
    const first = written ? plain(written.tree) : 0;
    const from = typeof first === 'number' ? first : 0;
    const values = Array.from({ length: count }, (_, i): Tree => {
      return { kind: 'scalar', place: tree.place, value: from + i };
    });
    return [[{ field: 'seed', key, values }]];
  }
  const axis = readAxis('seed', seeds, problems);
  return axis ? [[axis]] : [];
}

/** No field may be varied twice, nor together with a map that holds it. */
function checkOverlaps(axes: readonly Swept[], problems: Problem[]): void {
  axes.forEach(({ field, key }, i) => {
    const other = axes
      .slice(0, i)
      .find(
        (axis) => `${field}.`.startsWith(`${axis.field}.`) || axis.field.startsWith(`${field}.`),
      );
    if (other === undefined) return;
    const message =
      other.field === field
        ? `${field} is varied twice`
        : `${field} and ${other.field} vary the same field`;
    problems.push({ place: key, message, help: 'keep one' });
  });
}

function exclusionsOf(
  exclude: Entry | undefined,
  fields: readonly string[],
  problems: Problem[],
): readonly Exclusion[] {
  if (exclude === undefined) return [];
  const items = exclude.tree.kind === 'list' ? exclude.tree.items : [exclude.tree];
  return items.flatMap((item): Exclusion[] => {
    if (item.kind !== 'map' || item.entries.size === 0) {
      const message = 'exclude must be a list of maps of fields to values';
      problems.push({ place: item.kind === 'map' ? exclude.key : item.place, message });
      return [];
    }
    const values = new Map<string, ReadonlySet<string>>();
    for (const [field, { key, tree }] of item.entries) {
      if (!isSweepable(field, key, problems)) continue;
      if (!fields.includes(field)) {
        const help = `its fields are ${fields.join(', ')}`;
        problems.push({ place: key, message: `the sweep does not vary ${field}`, help });
        continue;
      }
      const listed = tree.kind === 'list' ? tree.items : [tree];
      values.set(field, new Set(listed.map((value) => canonicalJson(plain(value)))));
    }
    const [firstKey] = item.entries.values();
    return [{ place: firstKey?.key ?? item.place, values }];
  });
}
