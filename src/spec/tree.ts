import type { Place } from './problem.js';

/** A spec's value that remembers where it was written: merging and checking never lose the place. */
export type Tree =
  | {
      readonly kind: 'scalar';
      readonly place: Place;
      readonly value: string | number | boolean | null;
    }
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly place: Place; readonly entries: TreeMap };

export type TreeMap = ReadonlyMap<string, Entry>;

export interface Entry {
  /** Where the key stands. */
  readonly key: Place;
  readonly tree: Tree;
}

/** The value without its places, as plain JSON data. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(plain);
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.tree)]));
  }
}

/** What to point at when an entry is wrong: its one-line value, or else its key. */
function tokenOf({ key, tree }: Entry): Place {
  const { source, start, end } = tree.place;
  const written = source.text.slice(start, end).trimEnd();
  return tree.kind === 'map' || written === '' || written.includes('\n') ? key : tree.place;
}

/** What stands at a path of keys and list positions, and its token; null when nothing does. */
export function find(
  tree: Tree,
  path: readonly string[],
): { readonly tree: Tree; readonly place: Place } | null {
  let found = { tree, place: tree.place };
  for (const step of path) {
    if (found.tree.kind === 'map') {
      const entry = found.tree.entries.get(step);
      if (!entry) return null;
      found = { tree: entry.tree, place: tokenOf(entry) };
    } else {
      const item = found.tree.kind === 'list' ? found.tree.items[Number(step)] : undefined;
      if (!item) return null;
      found = { tree: item, place: item.place };
    }
  }
  return found;
}

/**
 * Values that are short for a map, by the path where they may stand. Merging a map into one writes
 * it out first, so that `architecture: resnet18` and a later `architecture: {width: 32}` add up.
 */
const shorthands: Readonly<Record<string, readonly string[]>> = {
  architecture: ['preset'],
  'data.limit': ['train', 'test'],
  'data.image': ['height', 'width'],
};

/** Keys beside a written one that may not be there too: writing it takes the inherited ones away. */
function rivalsOf(path: string, written: Tree): readonly string[] {
  switch (path) {
    case 'quantize.bits':
      return ['tau'];
    case 'quantize.tau':
      return ['bits'];
    case 'quantize.binarize': {
      const isNone = written.kind === 'scalar' && written.value === 'none';
      return isNone ? ['bits', 'tau', 'subset', 'refine'] : [];
    }
    default:
      return [];
  }
}

/** Maps whose order of keys means something: one laid upon another replaces it. */
const ordered: readonly string[] = ['quantize.tau'];

function writtenOut(tree: Tree, path: string): TreeMap {
  if (tree.kind === 'map') return tree.entries;
  const keys = tree.kind === 'scalar' && tree.value !== null ? (shorthands[path] ?? []) : [];
  return new Map(keys.map((key) => [key, { key: tree.place, tree }]));
}

/** Maps keep the place that a person can open: an override adds to a map, it does not write one. */
function mapPlace(base: Place, over: Place): Place {
  return over.source.kind === 'override' ? base : over;
}

/** Lays `over` upon `base`: maps are merged key by key unless ordered, anything else is replaced. */
export function merge(base: Tree, over: Tree, path = ''): Tree {
  if (over.kind !== 'map' || ordered.includes(path)) return over;
  const entries = new Map(writtenOut(base, path));
  for (const [key, entry] of over.entries) {
    const keyPath = path ? `${path}.${key}` : key;
    for (const rival of rivalsOf(keyPath, entry.tree)) {
      if (!over.entries.has(rival)) entries.delete(rival);
    }
    const inherited = entries.get(key);
    if (!inherited) entries.set(key, entry);
    else {
      entries.set(key, {
        key: entry.tree.kind === 'map' ? mapPlace(inherited.key, entry.key) : entry.key,
        tree: merge(inherited.tree, entry.tree, keyPath),
      });
    }
  }
  return { kind: 'map', place: mapPlace(base.place, over.place), entries };
}
