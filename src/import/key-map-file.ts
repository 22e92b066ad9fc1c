import { dirname } from 'node:path';
import { specFailure } from '../spec/load.js';
import { parseTree } from '../spec/parse.js';
import { type Place, type Problem, type Source, sortProblems } from '../spec/problem.js';
import { plain, type Tree } from '../spec/tree.js';
import { nearest } from '../util/nearest.js';
import { imagenetStatistics, type KeyMap, keyProblem, usuallyIgnored } from './key-map.js';

/** What a field holds: the value, or in words what it must be. */
type Form<Value> = (value: unknown) => { readonly ok: Value } | { readonly must: string };

function oneOf<const Value>(...allowed: readonly Value[]): Form<Value> {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    return found === undefined ? { must: `be ${allowed.join(' or ')}` } : { ok: found };
  };
}

const key: Form<string> = (value) => {
  if (typeof value !== 'string' || value === '') return { must: 'be the key of a tensor' };
  const problem = keyProblem(value);
  return problem ? { must: `be a key: ${problem}` } : { ok: value };
};

const numbers: Form<readonly number[]> = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((n) => typeof n === 'number')
    ? { ok: value }
    : { must: 'be a list of numbers, one a channel' };

const texts: Form<readonly string[]> = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? { ok: value }
    : { must: 'be a list of keys' };

/** A value of the file, and where its key stands. */
interface Written {
  readonly tree: Tree;
  readonly key: Place;
}

/** The lists and scalars in maps of maps, by dotted path. */
function leaves({ entries }: Extract<Tree, { kind: 'map' }>, path = ''): [string, Written][] {
  return [...entries].flatMap(([name, { tree, key }]) => {
    const inner = path ? `${path}.${name}` : name;
    return tree.kind === 'map' ? leaves(tree, inner) : [[inner, { tree, key }]];
  });
}

/**
 * Reads a key map from YAML (docs/import.md).
 *
 * @param file what to call it in errors
 * @throws Failure that lists all problems with their lines
 */
export function readKeyMap(text: string, file: string): KeyMap {
  const source: Source = { kind: 'file', name: file, text, folder: dirname(file) };
  const problems: Problem[] = [];
  const tree = parseTree(source, problems);
  if (!tree) throw specFailure(file, sortProblems(problems));
  const written = new Map(tree.kind === 'map' ? leaves(tree) : []);
  const known = new Set<string>();
  const whole: Place = { source, start: 0, end: 0 };

  const field = <Value>(path: string, form: Form<Value>, otherwise: Value): Value => {
    known.add(path);
    const found = written.get(path);
    if (!found) return otherwise;
    const value = form(plain(found.tree));
    if ('ok' in value) return value.ok;
    problems.push({ place: found.key, message: `${path} must ${value.must}` });
    return otherwise;
  };
  const optional = (path: string) => field<string | null>(path, key, null);
  const required = (path: string): string => {
    if (!written.has(path)) problems.push({ place: whole, message: `the map lacks ${path}` });
    return field(path, key, '');
  };
  const family = field('family', oneOf('bireal', 'vgg'), 'bireal');
  const downsample = family === 'bireal' ? required : optional;
  const shortcut = {
    weight: downsample('block.shortcut.weight') ?? '',
    norm: downsample('block.shortcut.norm') ?? '',
  };
  const map: KeyMap = {
    family,
    padding: field('padding', oneOf('zero', 'minus-one'), 'zero'),
    input: {
      mean: field('input.mean', numbers, imagenetStatistics.mean),
      std: field('input.std', numbers, imagenetStatistics.std),
    },
    stem: {
      weight: required('stem.weight'),
      norm: required('stem.norm'),
      stride: field('stem.stride', oneOf(1, 2), 2),
      pool: field('stem.pool', oneOf(true, false), true),
    },
    block: {
      weight: required('block.weight'),
      subset: optional('block.subset'),
      norm: required('block.norm'),
      shiftIn: optional('block.shiftIn'),
      shiftMid: optional('block.shiftMid'),
      slope: optional('block.slope'),
      shiftOut: optional('block.shiftOut'),
      shortcut: family === 'bireal' ? shortcut : null,
    },
    classifier: { weight: required('classifier.weight'), bias: optional('classifier.bias') },
    ignore: field('ignore', texts, usuallyIgnored),
  };
  for (const [path, { key: place }] of written) {
    if (known.has(path)) continue;
    const similar = nearest(path, [...known]);
    const help = similar ? `did you mean "${similar}"?` : `its keys are ${[...known].join(', ')}`;
    problems.push({ place, message: `a key map has no "${path}"`, help });
  }
  if (map.input.mean.length !== map.input.std.length || map.input.std.some((s) => !(s > 0))) {
    const place = written.get('input.std')?.key ?? whole;
    problems.push({ place, message: 'input.std must be positive, and as long as input.mean' });
  }
  if (problems.length > 0) throw specFailure(file, sortProblems(problems));
  return map;
}
