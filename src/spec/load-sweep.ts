import { loadExtended } from './extends.js';
import { lookupFrom, readSpecSource, specOf } from './load.js';
import { override } from './overrides.js';
import { type Place, type Problem, sortProblems } from './problem.js';
import { countOf, readSweep } from './sweep.js';
import { expandSweep } from './sweep-expand.js';
import { noRuns, type SpecOfRun } from './teacher.js';
import { find, plain } from './tree.js';
import type { Spec } from './types.js';

/** One experiment of a sweep. */
export interface Experiment {
  readonly spec: Spec;
  /** What the sweep gave it, by field. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The experiments of a sweep, or everything that is wrong with them. */
export type Experiments =
  | {
      readonly ok: true;
      readonly experiments: readonly Experiment[];
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A sweep whose experiments have not been written out yet. */
export interface OpenSweep {
  readonly ok: true;
  /** The name of the spec that it varies. */
  readonly name: string;
  readonly file: string;
  /** How many combinations there are before any is excluded. */
  readonly combinations: number;
  /** Writes the experiments out and checks each of them as a spec. */
  readonly experiments: () => Promise<Experiments>;
}

/**
 * Reads a spec file that has a `sweep`; what is wrong with it comes back as located problems, in order.
 * Throws a `Failure` of kind `input` when the file cannot be read at all.
 *
 * @param overrides as given to `--set`, laid over the spec ahead of the sweep's values
 */
export async function openSweep(
  file: string,
  overrides: readonly string[] = [],
  runs: SpecOfRun = noRuns,
): Promise<OpenSweep | Extract<Experiments, { ok: false }>> {
  const found = await readSpecSource(file);
  if (!found.ok) return found;
  const { source } = found;
  const problems: Problem[] = [];
  const refuse = () => ({ ok: false, problems: sortProblems(problems) }) as const;
  const extended = await loadExtended(source, problems);
  if (!extended) return refuse();
  const tree = override(extended, overrides, problems);
  if (tree.kind !== 'map') return refuse();
  const written = tree.entries.get('sweep');
  if (written === undefined) {
    const place = { source, start: 0, end: 1 };
    const help = `snn run ${file} runs it; docs/sweeps.md tells how to vary it`;
    problems.push({ place, message: 'this spec has no sweep', help });
    return refuse();
  }
  const base = { ...tree, entries: new Map([...tree.entries].filter(([key]) => key !== 'sweep')) };
  const sweep = readSweep(written, base, problems);
  if (problems.length > 0) return refuse();

  const named = find(base, ['name']);
  return {
    ok: true,
    name: named ? String(plain(named.tree)) : '',
    file,
    combinations: countOf(sweep),
    experiments: async () => {
      const warnings: Problem[] = [];
      const combinations = expandSweep(sweep, base, warnings);
      if (combinations.length === 0) {
        const message = 'the sweep excludes all of its experiments';
        return { ok: false, problems: [{ place: written.key, message }] };
      }
      const lookup = await lookupFrom(file, runs);
      const experiments: Experiment[] = [];
      const found: { readonly name: string; readonly problem: Problem }[] = [];
      for (const { name, values, tree } of combinations) {
        const result = await specOf(tree, source, [], lookup);
        if (result.ok) experiments.push({ spec: result.spec, values });
        else found.push(...result.problems.map((problem) => ({ name, problem })));
      }
      if (found.length === 0) return { ok: true, experiments, warnings };
      return { ok: false, problems: gathered(found, combinations.length) };
    },
  };
}

/** Each problem once; one that not all experiments have tells how many do, and names the first. */
function gathered(
  found: readonly { readonly name: string; readonly problem: Problem }[],
  experiments: number,
): readonly Problem[] {
  const places = new Map<Place['source'], Map<string, { names: string[]; problem: Problem }>>();
  for (const { name, problem } of found) {
    const { source, start } = problem.place;
    const known = places.get(source) ?? new Map();
    places.set(source, known);
    const key = `${start} ${problem.message}`;
    const same = known.get(key) ?? { names: [], problem };
    known.set(key, same);
    if (same.names.at(-1) !== name) same.names.push(name);
  }
  const all = [...places.values()].flatMap((known) => [...known.values()]);
  return sortProblems(
    all.map(({ names, problem }) => {
      if (names.length === experiments) return problem;
      const some = `in ${names.length} of ${experiments} experiments, such as ${names[0]}`;
      return { ...problem, message: `${problem.message} (${some})` };
    }),
  );
}
