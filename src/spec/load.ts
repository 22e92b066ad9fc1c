import { Failure } from '../util/failure.js';
import { semanticProblems } from './checks.js';
import { loadExtended, similarFile } from './extends.js';
import { override } from './overrides.js';
import {
  type Location,
  locationOf,
  type Place,
  type Problem,
  renderProblem,
  type Source,
  sortProblems,
} from './problem.js';
import { readSource } from './read.js';
import { renderSpec } from './render.js';
import { resolveSpec, sourceOf } from './resolve.js';
import {
  findTeacher,
  type Lookup,
  linkTo,
  noRuns,
  type SpecOfRun,
  type Taught,
} from './teacher.js';
import { find, plain, type Tree } from './tree.js';
import type { DataSource, Spec } from './types.js';
import { schemaProblems } from './validate.js';
import { type WrittenSpec, withDefaults } from './written.js';

const mostShown = 25;

export interface LoadedSpec {
  readonly spec: Spec;
  /** The spec's file, as the user named it. */
  readonly file: string;
  /**
   * Where the value at a dotted path of the resolved spec was written, through `extends` and
   * overrides; null where it is a default.
   */
  readonly locate: (path: string) => Location | null;
}

/** A spec, or everything that is wrong with it. */
export type SpecResult =
  | ({ readonly ok: true } & LoadedSpec)
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What was written for a path of the resolved spec: it, its other name, or what is short for it. */
function writtenAt(tree: Tree, path: string): Place | null {
  const steps = path.split('.');
  const exact = find(tree, steps);
  if (exact) return exact.place;
  if (path === 'quantize.tau') return writtenAt(tree, 'quantize.bits');
  const parent = steps.slice(0, -1);
  const above = find(tree, parent);
  if (above?.tree.kind === 'scalar') return above.place;
  const preset = steps[0] === 'architecture' && find(tree, ['architecture', 'preset']);
  if (preset) return preset.place;
  return parent.length > 1 && !above ? writtenAt(tree, parent.join('.')) : null;
}

/**
 * Loads a spec; what is wrong inside it comes back as located problems, in order. Throws a `Failure`
 * of kind `input` when the file cannot be read at all.
 *
 * @param runs finds the spec of a run that this one names
 */
export async function readSpec(
  file: string,
  overrides: readonly string[] = [],
  runs: SpecOfRun = noRuns,
): Promise<SpecResult> {
  const found = await readSpecSource(file);
  if (!found.ok) return found;
  return parseSpec(found.source, overrides, await lookupFrom(file, runs));
}

/** The text of a spec file. Throws a `Failure` of kind `input` when it cannot be read at all. */
export async function readSpecSource(
  file: string,
): Promise<{ readonly ok: true; readonly source: Source } | Extract<SpecResult, { ok: false }>> {
  const source = await readSource(file);
  if (!('reason' in source)) return { ok: true, source };
  const { reason, help, missing, place } = source;
  if (place) return { ok: false, problems: [{ place, message: reason, ...(help && { help }) }] };
  const similar = missing ? await similarFile(file) : null;
  const next = similar ? `did you mean ${similar}?` : 'name a spec, a YAML file';
  throw new Failure('input', `${file}: ${reason}`, [help ?? next]);
}

/** How the teachers of a spec file are found. */
export async function lookupFrom(file: string, runs: SpecOfRun): Promise<Lookup> {
  return { runs, route: [await linkTo(file)], found: new Map() };
}

async function parseSpec(
  source: Source,
  overrides: readonly string[],
  lookup: Lookup,
): Promise<SpecResult> {
  const problems: Problem[] = [];
  const extended = await loadExtended(source, problems);
  if (!extended) return { ok: false, problems: sortProblems(problems) };
  const tree = override(extended, overrides, problems);
  const sweep = tree.kind === 'map' && tree.entries.get('sweep');
  if (sweep) {
    const message = 'this file is a sweep of experiments, not one';
    const help = 'snn sweep runs it, snn sweep --plan checks it';
    return { ok: false, problems: [{ place: sweep.key, paths: ['sweep'], message, help }] };
  }
  return specOf(tree, source, problems, lookup);
}

/** The spec that a tree holds; `problems` are those found on the way to the tree. */
export async function specOf(
  tree: Tree,
  source: Source,
  problems: readonly Problem[],
  lookup: Lookup,
): Promise<SpecResult> {
  const data = plain(tree);
  const breaches = schemaProblems(tree, data);
  const written = withDefaults(data) as WrittenSpec;
  const broken = breaches.flatMap(({ paths = [] }) => paths);
  const unread = problems.map(({ place }) => place);
  const untold = ({ place }: Problem) =>
    !unread.some(({ source, start }) => source === place.source && start === place.start);
  const taught = broken.some((path) => /^(train|data)\b/.test(path) || path === '')
    ? { problems: [], teacher: null }
    : await teacherOf(tree, written, lookup);
  const all = [
    ...problems,
    ...breaches.filter(untold),
    ...semanticProblems(tree, written, broken),
    ...taught.problems,
  ];
  if (all.length > 0) return { ok: false, problems: sortProblems(all) };

  const folder = find(tree, ['data', 'path'])?.tree.place.source.folder ?? source.folder;
  return {
    ok: true,
    file: source.name,
    spec: resolveSpec(written, folder, taught.teacher),
    locate: (path) => {
      const place = writtenAt(tree, path);
      return place && locationOf(place);
    },
  };
}

/** What a network is trained on, as far as teacher and student must have it in common. */
function imagesText(data: DataSource): string {
  if (data.set !== 'folder') return data.set;
  const { height, width } = data.image;
  return `${data.classes} classes of ${height}x${width} images`;
}

/** The teacher that a spec names or holds, or what is wrong with it. */
async function teacherOf(
  tree: Tree,
  { data }: WrittenSpec,
  lookup: Lookup,
): Promise<{ readonly problems: readonly Problem[]; readonly teacher: Spec | null }> {
  const named = find(tree, ['train', 'distill', 'teacher']);
  if (named === null) return { problems: [], teacher: null };
  const { place } = named;
  const known = lookup.found.get(named.tree) ?? readTeacher(named.tree, place, lookup);
  lookup.found.set(named.tree, known);
  const found = await known;
  if (!found.ok) return { problems: found.problems, teacher: null };
  const { spec } = found;
  const [has, wanted] = [spec.data, sourceOf(data)].map(imagesText);
  if (has === wanted) return { problems: [], teacher: spec };
  const message = `the teacher ${spec.name} knows ${has}, this network is to learn ${wanted}`;
  const help = 'name a teacher of the same data set';
  return { problems: [{ place, paths: ['train.distill.teacher'], message, help }], teacher: null };
}

function readTeacher(written: Tree, place: Place, lookup: Lookup): Promise<Taught> {
  if (written.kind === 'map') return specOf(written, place.source, [], lookup);
  return findTeacher(String(plain(written)), place, lookup, (source, route) =>
    parseSpec(source, [], { ...lookup, route }),
  );
}

/** Problems as a compiler prints them, with a blank line between; the first 25 of very many. */
function renderProblems(problems: readonly Problem[]): string {
  const rest = problems.length - mostShown;
  return [
    ...problems.slice(0, mostShown).map(renderProblem),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join('\n\n');
}

/** The failure that tells a person everything that is wrong with a spec. */
export function specFailure(file: string, problems: readonly Problem[]): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new Failure('input', `${file} has ${count}\n\n${renderProblems(problems)}`);
}

/**
 * Loads, composes, checks and resolves a spec file. Overrides are `key.key=value`, as given to
 * `--set`. Throws a `Failure` of kind `input` that shows all problems at once, each with its place.
 */
export async function loadSpec(
  file: string,
  overrides: readonly string[] = [],
  runs: SpecOfRun = noRuns,
): Promise<LoadedSpec> {
  const result = await readSpec(file, overrides, runs);
  if (result.ok) return result;
  throw specFailure(file, result.problems);
}

/**
 * A resolved spec that an earlier run kept, as this version reads it: fields that are new since take
 * their defaults. Throws a `Failure` of kind `input` where it holds what is no longer valid.
 *
 * @param run what to call it in errors
 */
export async function storedSpec(spec: Spec, run: string): Promise<Spec> {
  const source: Source = { kind: 'file', name: run, text: renderSpec(spec), folder: '.' };
  const result = await parseSpec(source, [], { runs: noRuns, route: [], found: new Map() });
  if (result.ok) return result.spec;
  throw specFailure(run, result.problems);
}
