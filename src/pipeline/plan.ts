import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { type Json, toJson } from '../util/json.js';
import type { Artifact, Found } from './artifact.js';
import { fingerprint, type Recipe } from './fingerprint.js';
import { differences, type Reason } from './reasons.js';
import type { Stage } from './stage.js';
import { type Range, type Step, stepsOf } from './steps.js';

/** What a stage says of itself for one spec. */
export interface Declaration extends Step {
  readonly slice: Json;
  readonly environment: Json;
}

/** What the store can tell. */
export interface Knowledge {
  readonly find: (stage: string, fingerprint: string) => Promise<Found>;
  /** Recipe of the stage's artifact that a person would compare with: the last one of a spec's name. */
  readonly previous: (stage: string, spec: string) => Promise<Recipe | null>;
  /** Whether a run on record made or used this artifact. */
  readonly made: (stage: string, fingerprint: string) => Promise<boolean>;
}

/** What a run would do with a stage. */
export type PlannedStage = {
  /** Of the step: see {@link Step}. */
  readonly name: string;
  /** Whose stage it is, where that is not the run's own spec. */
  readonly of?: { readonly spec: string; readonly stage: string };
} & (
  | {
      readonly status: 'cached';
      readonly fingerprint: string;
      readonly artifact: Artifact;
    }
  | {
      readonly status: 'will-run';
      readonly reasons: readonly Reason[];
      /** Its inputs alone are uncertain: if they come out as before, so will its artifact. */
      readonly mayBeReused: boolean;
    }
  | { readonly status: 'skipped'; readonly reason: string }
  | { readonly status: 'not-asked' }
);

/**
 * Asks every stage that a run may need what it reads. Throws a Failure of kind `input` for a range
 * that names no stage or ends before it begins.
 */
export function declareStages(
  stages: readonly Stage[],
  spec: Spec,
  range: Range,
): Promise<Declaration[]> {
  const steps = stepsOf(stages, spec, range);
  return Promise.all(
    steps.map(async (step) => {
      const { stage, spec, skip, asked, needed } = step;
      const used = (asked || needed) && skip === null;
      return {
        ...step,
        slice: used ? toJson(await stage.reads(spec)) : null,
        environment: used ? toJson((await stage.environment?.(spec)) ?? null) : null,
      };
    }),
  );
}

/** Whether a declared step is to be built even if it is cached: only what was asked for itself. */
export function isForced({ own, asked }: Step, { force = false }: Range): boolean {
  return force && own && asked;
}

/**
 * What a run would do, stage by stage, and why: a function of what the stages declare and what the
 * store knows. Throws a Failure of kind `input` when a stage before the range has no artifact.
 */
export async function planRun(
  declarations: readonly Declaration[],
  knowledge: Knowledge,
  range: Range,
): Promise<PlannedStage[]> {
  const planned: PlannedStage[] = [];
  for (const declaration of declarations) {
    const { name, asked, needed, skip } = declaration;
    if (!asked && !needed) {
      planned.push({ name, status: 'not-asked' });
    } else if (skip !== null) {
      planned.push({ name, status: 'skipped', reason: skip });
    } else {
      const forced = isForced(declaration, range);
      const stage = await planStage(declaration, planned, knowledge, forced);
      if (!asked && stage.status !== 'cached') throw notReady(name, range.from ?? '');
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
  const { name, own, spec, stage } = declaration;
  const inputs: Record<string, string> = {};
  const open: string[] = [];
  for (const [input, step] of Object.entries(declaration.inputs)) {
    const made = earlier.find((candidate) => candidate.name === step);
    if (made?.status === 'cached') inputs[input] = made.artifact.manifest.digest;
    if (made?.status === 'will-run') open.push(input);
  }
  const about = own ? { name } : { name, of: { spec: spec.name, stage: stage.name } };
  const recipe = recipeOf(declaration, inputs);
  if (open.length === 0 && !forced) {
    const wanted = fingerprint(recipe);
    const found = await knowledge.find(stage.name, wanted);
    if (found.state === 'intact') {
      return { ...about, status: 'cached', fingerprint: wanted, artifact: found.artifact };
    }
  }
  const reasons = await explain(recipe, spec.name, knowledge, { forced, open });
  const mayBeReused = reasons.every((reason) => reason.kind === 'input-will-run');
  return { ...about, status: 'will-run', reasons, mayBeReused };
}

/** The stage's recipe once the digests of its inputs are known. */
export function recipeOf(
  { stage: { name, version }, slice, environment }: Declaration,
  inputs: Readonly<Record<string, string>>,
): Recipe {
  return { stage: name, version, slice, inputs, environment };
}

/**
 * Why the recipe's stage has to run, given that its artifact is not at hand: what differs from the
 * last one of the spec's name. Inputs named in `open` will be rebuilt first and are compared with nothing.
 */
export async function explain(
  recipe: Recipe,
  spec: string,
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
  const before = await knowledge.previous(stage, spec);
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
