import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { canonicalJson } from '../util/json.js';
import type { Stage } from './stage.js';

/** Which stages a run is asked for, by name; both ends belong to it. */
export interface Range {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** Rebuild every stage of the range, cached or not. */
  readonly force?: boolean | undefined;
}

/** One stage of one spec within a run: of the run's own, or of one that it borrows from. */
export interface Step {
  /** The stage; of another spec behind what that is to this one: `teacher/refine`. */
  readonly name: string;
  readonly stage: Stage;
  readonly spec: Spec;
  /** Whether it is a stage of the run's own spec. */
  readonly own: boolean;
  /** Names of the steps whose artifacts it reads, by the name under which it gets them. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Why it has nothing to do; null if it has. */
  readonly skip: string | null;
  /** May run; one that may not is there for its artifact alone, if it is `needed` at all. */
  readonly asked: boolean;
  readonly needed: boolean;
}

type Draft = Omit<Step, 'asked' | 'needed'>;

/**
 * Every step of a run, each behind those that it reads: all of the spec's own stages, and ahead of
 * whatever borrows them the stages of other specs. Throws a Failure of kind `input` for a range that
 * names no stage or ends before it begins.
 */
export function stepsOf(stages: readonly Stage[], spec: Spec, range: Range): readonly Step[] {
  checkOrder(stages);
  const { first, last } = boundsOf(stages, range);
  const isAsked = ({ own, stage }: Draft) =>
    own && stages.indexOf(stage) >= first && stages.indexOf(stage) <= last;
  const drafts = draftsOf(stages, spec, last);
  const asked = new Set(drafts.filter(isAsked).map(({ name }) => name));
  const needed = new Set<string>();
  const owned = new Set(drafts.filter(({ own }) => own).map(({ name }) => name));
  for (const { name, skip, inputs } of drafts.toReversed()) {
    if (skip !== null || !(asked.has(name) || needed.has(name))) continue;
    for (const input of Object.values(inputs)) {
      needed.add(input);
      if (asked.has(name) && !owned.has(input)) asked.add(input);
    }
  }
  return drafts
    .map((draft) => ({
      ...draft,
      asked: asked.has(draft.name),
      needed: needed.has(draft.name),
    }))
    .filter((step) => step.own || step.needed);
}

/** Stages are listed in the order in which they run; a list in any other order is our own mistake. */
function checkOrder(stages: readonly Stage[]): void {
  const listed = new Set<string>();
  for (const { name, needs } of stages) {
    const early = needs.find((need) => !listed.has(need));
    if (early !== undefined) throw new Error(`stage ${name} is listed before ${early}`);
    if (listed.has(name)) throw new Error(`stage ${name} is listed twice`);
    listed.add(name);
  }
}

function boundsOf(stages: readonly Stage[], { from, until }: Range) {
  const position = (name: string, option: string) => {
    const index = stages.findIndex((stage) => stage.name === name);
    if (index >= 0) return index;
    throw new Failure('input', `--${option} ${name}: there is no such stage`, [
      `name one of ${stages.map((stage) => stage.name).join(', ')}`,
    ]);
  };
  const first = from === undefined ? 0 : position(from, 'from');
  const last = until === undefined ? stages.length - 1 : position(until, 'until');
  if (first > last) {
    throw new Failure('input', `--from ${from} comes after --until ${until}`, [
      `the order is ${stages.map((stage) => stage.name).join(', ')}`,
    ]);
  }
  return { first, last };
}

/** The steps, depth first; stages behind the `last` are there, but borrow nothing. */
function draftsOf(stages: readonly Stage[], spec: Spec, last: number): readonly Draft[] {
  const roles = rolesOf(stages, spec);
  const drafts = new Map<string, Draft>();
  const visit = (of: Spec, stage: Stage): Draft => {
    const role = roles.get(canonicalJson(of)) ?? '';
    const name = role === '' ? stage.name : `${role}/${stage.name}`;
    const known = drafts.get(name);
    if (known) return known;
    const own = role === '';
    const skip = stage.skip?.(of) ?? null;
    const reads = skip === null && !(own && stages.indexOf(stage) > last);
    const inputs: Record<string, string> = {};
    for (const need of stage.needs) {
      const input = visit(of, stageNamed(stages, need));
      if (input.skip === null) inputs[need] = input.name;
    }
    for (const [input, borrowed] of Object.entries((reads && stage.borrows?.(of)) || {})) {
      const lent = visit(borrowed.spec, stageNamed(stages, borrowed.stage));
      if (lent.skip !== null) throw new Error(`${name} borrows ${lent.name}, which is skipped`);
      inputs[input] = lent.name;
    }
    const draft = { name, stage, spec: of, own, inputs, skip };
    if (own || skip === null) drafts.set(name, draft);
    return draft;
  };
  for (const stage of stages) visit(spec, stage);
  return [...drafts.values()];
}

function stageNamed(stages: readonly Stage[], name: string): Stage {
  const found = stages.find((stage) => stage.name === name);
  if (!found) throw new Error(`there is no stage ${name}`);
  return found;
}

/**
 * What every spec that is borrowed from is to the run, by the spec's canonical JSON, over the fewest
 * specs in between: `teacher`, `twin/teacher`; the run's own spec is ''.
 */
function rolesOf(stages: readonly Stage[], spec: Spec): ReadonlyMap<string, string> {
  const roles = new Map([[canonicalJson(spec), '']]);
  const open = [{ spec, role: '' }];
  for (const from of open) {
    for (const stage of stages) {
      if ((stage.skip?.(from.spec) ?? null) !== null) continue;
      for (const [name, lender] of Object.entries(stage.borrows?.(from.spec) ?? {})) {
        const key = canonicalJson(lender.spec);
        if (roles.has(key)) continue;
        const role = from.role === '' ? name : `${from.role}/${name}`;
        if ([...roles.values()].includes(role)) throw new Error(`two specs are the ${role}`);
        roles.set(key, role);
        open.push({ spec: lender.spec, role });
      }
    }
  }
  return roles;
}
