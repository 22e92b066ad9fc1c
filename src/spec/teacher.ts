import { realpath } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { Failure } from '../util/failure.js';
import { similarFile } from './extends.js';
import type { SpecResult } from './load.js';
import type { Place, Problem, Source } from './problem.js';
import { readSource } from './read.js';
import type { Tree } from './tree.js';
import type { Spec } from './types.js';

/** The spec of a run by its id or name. Throws a Failure of kind `input` where there is no such run. */
export type SpecOfRun = (idOrName: string) => Promise<Spec>;

/** For whoever has no runs at hand. */
export const noRuns: SpecOfRun = async (name) => {
  throw new Failure('input', `no run ${name} is at hand`, ['name a spec, a YAML file']);
};

/** A spec file on the way from student to teacher. */
interface Link {
  /** As a person would name it. */
  readonly file: string;
  readonly real: string;
}

/** How the spec of a teacher is found. */
export interface Lookup {
  readonly runs: SpecOfRun;
  /** Spec files from that which was asked for to the one at hand, each the teacher of the one before. */
  readonly route: readonly Link[];
  /** Teachers read so far, by where they are named: experiments of one sweep share them. */
  readonly found: Map<Tree, Promise<Taught>>;
}

/** A file as part of a route. */
export async function linkTo(file: string): Promise<Link> {
  return { file, real: await realpath(file).catch(() => file) };
}

/** A spec by itself, or what is wrong with it. */
export type Taught =
  | { readonly ok: true; readonly spec: Spec }
  | Extract<SpecResult, { ok: false }>;

/**
 * The teacher that is named at `place`: a spec file if it looks like one, else a run.
 *
 * @param parse reads a spec from the text of its file, given the route to it
 */
export async function findTeacher(
  name: string,
  place: Place,
  { runs, route }: Pick<Lookup, 'runs' | 'route'>,
  parse: (source: Source, route: readonly Link[]) => Promise<Taught>,
): Promise<Taught> {
  const refuse = (message: string, help?: string): Taught => {
    const problem: Problem = { place, paths: ['train.distill.teacher'], message };
    return { ok: false, problems: [help ? { ...problem, help } : problem] };
  };
  if (!/[\\/]|\.ya?ml$/i.test(name)) {
    try {
      return { ok: true, spec: await runs(name) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return refuse(`the teacher is not to be had: ${error.message}`, error.next[0]);
    }
  }
  const link = await linkTo(isAbsolute(name) ? name : join(place.source.folder, name));
  if (route.some(({ real }) => real === link.real)) {
    const files = [...route, link].map(({ file }) => file).join(' -> ');
    return refuse(
      `teachers run in a circle: ${files}`,
      'the first teacher of all has train.distill: null',
    );
  }
  const source = await readSource(link.file);
  if (!('reason' in source)) return parse(source, [...route, link]);
  const similar = source.missing ? await similarFile(link.file) : null;
  return refuse(
    `cannot read the teacher ${link.file}: ${source.reason}`,
    similar ? `did you mean "${basename(similar)}"?` : source.help,
  );
}
