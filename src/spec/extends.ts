import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join } from 'node:path';
import { nearest } from '../util/nearest.js';
import { parseTree } from './parse.js';
import type { Place, Problem, Source } from './problem.js';
import { readSource, type Unreadable } from './read.js';
import { merge, type Tree } from './tree.js';

/** A file on the way from the spec that was asked for to the one being read. */
interface Link {
  /** As a person would name it. */
  readonly file: string;
  readonly real: string;
}

interface Loading {
  readonly problems: Problem[];
  /** Files read so far, by real path: one that many build on is read once. */
  readonly trees: Map<string, Tree | null>;
}

interface Base {
  readonly name: string;
  readonly place: Place;
}

/** The spec files beside `file`, the one with the most similar name: what a typing error meant. */
export async function similarFile(file: string): Promise<string | null> {
  const names = await readdir(dirname(file)).catch(() => []);
  const specs = names.filter((name) => ['.yaml', '.yml'].includes(extname(name)));
  const name = nearest(basename(file), specs);
  return name && join(dirname(file), name);
}

function basesOf(tree: Tree, problems: Problem[]): readonly Base[] {
  const named = tree.kind === 'map' ? tree.entries.get('extends') : undefined;
  if (!named) return [];
  const items = named.tree.kind === 'list' ? named.tree.items : [named.tree];
  return items.flatMap((item): Base[] => {
    if (item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '') {
      return [{ name: item.value, place: item.place }];
    }
    const place = item.kind === 'scalar' && item.value !== null ? item.place : named.key;
    problems.push({ place, message: 'extends must be the path of a spec file, or a list of them' });
    return [];
  });
}

async function loadBase(
  loading: Loading,
  base: Base,
  chain: readonly Link[],
): Promise<Tree | null> {
  const file = isAbsolute(base.name) ? base.name : join(base.place.source.folder, base.name);
  const link = { file, real: await realpath(file).catch(() => file) };
  const route = [...chain, link].map(({ file }) => file).join(' -> ');
  if (chain.some(({ real }) => real === link.real)) {
    const message = `extends runs in a circle: ${route}`;
    loading.problems.push({ place: base.place, message });
    return null;
  }

  const known = loading.trees.get(link.real);
  if (known !== undefined) return known;
  const source = await readSource(file);
  const tree =
    'reason' in source
      ? await refuse(loading, source, base, file, route)
      : await loadTree(loading, source, [...chain, link]);
  loading.trees.set(link.real, tree);
  return tree;
}

async function refuse(
  { problems }: Loading,
  { reason, help, missing, place }: Unreadable,
  base: Base,
  file: string,
  route: string,
): Promise<null> {
  const similar = missing ? await similarFile(file) : null;
  const hint = similar ? `did you mean "${basename(similar)}"?` : help;
  problems.push({
    place: place ?? base.place,
    message: place ? reason : `cannot read ${file}: ${reason} (${route})`,
    ...(hint ? { help: hint } : {}),
  });
  return null;
}

function without(tree: Tree, key: string): Tree {
  if (tree.kind !== 'map') return tree;
  return { ...tree, entries: new Map([...tree.entries].filter(([name]) => name !== key)) };
}

async function loadTree(
  loading: Loading,
  source: Source,
  chain: readonly Link[],
): Promise<Tree | null> {
  const { problems } = loading;
  const parsed = parseTree(source, problems);
  if (!parsed) return null;
  if (parsed.kind !== 'map') {
    const empty = parsed.kind === 'scalar' && parsed.value === null;
    problems.push({
      place: { ...parsed.place, start: empty ? 0 : parsed.place.start },
      message: empty ? 'the spec is empty' : 'a spec must be a map of keys and values',
      help: 'it names at least name, data, architecture and quantize: see docs/spec.md',
    });
    return null;
  }

  const layers: (Tree | null)[] = [];
  for (const base of basesOf(parsed, problems)) layers.push(await loadBase(loading, base, chain));
  layers.push(without(parsed, 'extends'));
  return layers.reduce((base, over) => base && over && merge(base, over));
}

/**
 * The spec of `source` laid upon everything that it extends. Whatever is wrong with any of the files
 * is added to `problems`; null when one of them could not be read.
 */
export async function loadExtended(source: Source, problems: Problem[]): Promise<Tree | null> {
  const file = source.name;
  const real = await realpath(file).catch(() => file);
  return loadTree({ problems, trees: new Map() }, source, [{ file, real }]);
}
