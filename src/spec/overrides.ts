import { nearest } from '../util/nearest.js';
import { parseTree } from './parse.js';
import type { Problem, Source } from './problem.js';
import { allFields, fieldAt } from './schema.js';
import { merge, type Tree } from './tree.js';

/** The path most like one that does not exist: by the whole of it, or by its last key. */
function similarPath(path: string): string | null {
  const paths = allFields().map(([name]) => name);
  const lastKey = (name: string) => name.slice(name.lastIndexOf('.') + 1);
  const key = nearest(lastKey(path), paths.map(lastKey));
  return nearest(path, paths) ?? paths.find((name) => lastKey(name) === key) ?? null;
}

/** One `key=value` as a tree that holds nothing else, or null after reporting what is wrong. */
function readOverride(text: string, problems: Problem[]): Tree | null {
  const source: Source = { kind: 'override', name: `--set ${text}`, text, folder: process.cwd() };
  const equals = text.indexOf('=');
  const place = { source, start: 0, end: equals < 0 ? text.length : equals };
  const path = text.slice(place.start, place.end);
  const refuse = (message: string, help: string) => {
    problems.push({ place, message, help });
    return null;
  };

  if (path === 'extends') {
    return refuse('"extends" cannot be set from outside', 'write it into the spec');
  }
  if (!fieldAt(path.split('.'))) {
    const similar = similarPath(path);
    const help = similar ? `did you mean "${similar}"?` : 'docs/spec.md lists every key';
    return refuse(`a spec has no key "${path}"`, help);
  }
  if (equals < 0) return refuse(`"${path}" is given no value`, `write --set ${path}=VALUE`);

  const value = parseTree(source, problems, equals + 1);
  return (
    value &&
    path.split('.').reduceRight<Tree>((tree, key) => {
      const entries = new Map([[key, { key: place, tree }]]);
      return { kind: 'map', place, entries };
    }, value)
  );
}

/**
 * Lays `--set` overrides (`key.key=value`, the value in YAML) upon a spec, the last one winning.
 * An override that cannot be read is added to `problems` and left out.
 */
export function override(base: Tree, overrides: readonly string[], problems: Problem[]): Tree {
  return overrides
    .map((text) => readOverride(text, problems))
    .reduce<Tree>((tree, layer) => (layer ? merge(tree, layer) : tree), base);
}
