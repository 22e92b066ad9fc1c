import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { type Json, toJson } from '../util/json.js';
import type { Artifact, Found } from './artifact.js';
import { fingerprint, type Recipe } from './fingerprint.js';
import { differences, type Reason } from './reasons.js';
import type { Stage } from './stage.js';

/** Which stages a run is asked for, by name; both ends belong to it. */
export interface Range {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** Rebuild every stage of the range, cached or not. */
  readonly force?: boolean | undefined;
}

/** What a stage says of itself for one spec. */
export interface Declaration {
  readonly name: string;
  readonly version: number;
  readonly needs: readonly string[];
  /** Within the range. */
  readonly asked: boolean;
  /** Why it has nothing to do; null if it has. */
  readonly skip: string | null;
  readonly slice: Json;
  readonly environment: Json;
}

/** What the store can tell. */
export interface Knowledge {
  readonly find: (stage: string, fingerprint: string) => Promise<Found>;
  /** Recipe of the stage's artifact that a person would compare with: the last one of this spec. */
  readonly previous: (stage: string) => Promise<Recipe | null>;
  /** Whether a run on record made or used this artifact. */
  readonly made: (stage: string, fingerprint: string) => Promise<boolean>;
}

/** What a run would do with a stage. */
export type PlannedStage =
  | {
      readonly name: string;
      readonly status: 'cached';
      readonly fingerprint: string;
      readonly artifact: Artifact;
    }
  | {
      readonly name: string;
      readonly status: 'will-run';
      readonly reasons: readonly Reason[];
      /** Its inputs alone are uncertain: if they come out as before, so will its artifact. */
      readonly mayBeReused: boolean;
    }
  | { readonly name: string; readonly status: 'skipped'; readonly reason: string }
  | { readonly name: string; readonly status: 'not-asked' };

/**
 * Asks every stage that the range touches what it reads. Throws a Failure of kind `input` for a range
 * that names no stage or ends before it begins.
 */
export async function declareStages(
  stages: readonly Stage[],
  spec: Spec,
  range: Range,
): Promise<Declaration[]> {
  checkOrder(stages);
  const position = (name: string, option: string) => {
    const index = stages.findIndex((stage) => stage.name === name);
    if (index >= 0) return index;
    throw new Failure('input', `--${option} ${name}: there is no such stage`, [
      `name one of ${stages.map((stage) => stage.name).join(', ')}`,
    ]);
  };
  const first = range.from === undefined ? 0 : position(range.from, 'from');
  const last = range.until === undefined ? stages.length - 1 : position(range.until, 'until');
  if (first > last) {
    throw new Failure('input', `--from ${range.from} comes after --until ${range.until}`, [
      `the order is ${stages.map((stage) => stage.name).join(', ')}`,
    ]);
  }
  return Promise.all(
    stages.map(async (stage, index) => {
      const { name, version, needs } = stage;
      const skip = stage.skip?.(spec) ?? null;
      const used = index <= last && skip === null;
      return {
        name,
        version,
        needs,
        asked: index >= first && index <= last,
        skip,
        slice: used ? toJson(await stage.reads(spec)) : null,
        environment: used ? toJson((await stage.environment?.(spec)) ?? null) : null,
      };
    }),
  );
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

/** Names of the stages before the range whose artifacts the range reads, directly or not. */
function neededBefore(declarations: readonly Declaration[]): Set<string> {
  const needed = new Set<string>();
  for (const { name, asked, skip, needs } of declarations.toReversed()) {
    if (skip === null && (asked || needed.has(name))) for (const need of needs) needed.add(need);
  }
  return needed;
}

/**
 * What a run would do, stage by stage, and why: a function of what the stages declare and what the
 * store knows. Throws a Failure of kind `input` when a stage before the range has no artifact.
 */
export async function planRun(
  declarations: readonly Declaration[],
  knowledge: Knowledge,
  { from, force = false }: Range,
): Promise<PlannedStage[]> {
  const planned: PlannedStage[] = [];
  const needed = neededBefore(declarations);
  for (const declaration of declarations) {
    const { name, asked, skip } = declaration;
    if (!asked && !needed.has(name)) {
      planned.push({ name, status: 'not-asked' });
    } else if (skip !== null) {
      planned.push({ name, status: 'skipped', reason: skip });
    } else {
      const stage = await planStage(declaration, planned, knowledge, force && asked);
      if (!asked && stage.status !== 'cached') throw notReady(name, from ?? '');
      planned.push(stage);
    }
  }
  return planned;
}

function notReady(stage: string, from: string): Failure {
  return new Failure(
    'input',
    `--from ${from} does not run ${stage}, and ${stage} has no artifact that fits this spec`,
    [`leave --from out, or begin earlier: --from ${stage}`],
  );
}

async function planStage(
  declaration: Declaration,
  earlier: readonly PlannedStage[],
  knowledge: Knowledge,
  forced: boolean,
): Promise<PlannedStage> {
  const { name, needs } = declaration;
  const inputs: Record<string, string> = {};
  const open: string[] = [];
  for (const stage of earlier) {
    if (!needs.includes(stage.name)) continue;
    if (stage.status === 'cached') inputs[stage.name] = stage.artifact.manifest.digest;
    if (stage.status === 'will-run') open.push(stage.name);
  }
  const recipe = recipeOf(declaration, inputs);
  if (open.length === 0 && !forced) {
    const wanted = fingerprint(recipe);
    const found = await knowledge.find(name, wanted);
    if (found.state === 'intact') {
      return { name, status: 'cached', fingerprint: wanted, artifact: found.artifact };
    }
  }
  const reasons = await explain(recipe, knowledge, { forced, open });
  const mayBeReused = reasons.every((reason) => reason.kind === 'input-will-run');
  return { name, status: 'will-run', reasons, mayBeReused };
}

/** The stage's recipe once the digests of its inputs are known. */
export function recipeOf(
  { name, version, slice, environment }: Declaration,
  inputs: Readonly<Record<string, string>>,
): Recipe {
  return { stage: name, version, slice, inputs, environment };
}

/**
 * Why the recipe's stage has to run, given that its artifact is not at hand. Inputs named in `open`
 * will be rebuilt first and are compared with nothing.
 */
export async function explain(
  recipe: Recipe,
  knowledge: Knowledge,
  { forced = false, open = [] }: { readonly forced?: boolean; readonly open?: readonly string[] },
): Promise<Reason[]> {
  if (forced) return [{ kind: 'forced' }];
  const { stage } = recipe;
  if (open.length === 0) {
    const wanted = fingerprint(recipe);
    const found = await knowledge.find(stage, wanted);
    if (found.state === 'damaged') {
      return [{ kind: 'damaged', file: found.file, problem: found.problem }];
    }
    if (await knowledge.made(stage, wanted)) return [{ kind: 'removed' }];
  }
  const before = await knowledge.previous(stage);
  if (before === null) return [{ kind: 'never-run' }];
  const uncertain = Object.fromEntries(
    Object.entries(before.inputs).filter(([input]) => open.includes(input)),
  );
  const after = { ...recipe, inputs: { ...recipe.inputs, ...uncertain } };
  return [
    ...open.map((input): Reason => ({ kind: 'input-will-run', input })),
    ...differences(before, after),
  ];
}
