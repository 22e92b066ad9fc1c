import { fingerprint } from '../pipeline/fingerprint.js';
import { type Declaration, declareStages, recipeOf } from '../pipeline/plan.js';
import type { RunRecord } from '../pipeline/runs.js';
import type { Stage } from '../pipeline/stage.js';
import type { Range } from '../pipeline/steps.js';
import { artifactsOf, findArtifact, type Store } from '../pipeline/store.js';
import type { Experiment } from '../spec/load-sweep.js';
import { canonicalJson } from '../util/json.js';

/** One stage of an experiment. Equal keys mean one artifact, whichever experiments ask for it. */
export interface SweepStage {
  /** Of the step: see Step. */
  readonly name: string;
  /** The artifact's fingerprint; of a stage whose inputs are yet to be made, what stands in for it. */
  readonly key: string;
  readonly cached: boolean;
}

/** What an experiment would do. */
export interface PlannedExperiment extends Experiment {
  readonly stages: readonly SweepStage[];
  /** Its finished run with all of these stages, where there is one: nothing is left to do. */
  readonly done: RunRecord | null;
}

/** Plans experiments; what several have in common is looked up once. */
export interface Planner {
  readonly plan: (experiment: Experiment, runs: readonly RunRecord[]) => Promise<PlannedExperiment>;
}

/** Finds an artifact's digest by its stage and fingerprint; null: it is not there, or not whole. */
type Digest = (stage: string, fingerprint: string) => Promise<string | null>;

/**
 * Looks into the store and checks every byte of what it finds, once for each artifact. The names of
 * each stage's artifacts are listed once: most of a new sweep's are not there.
 */
function storedDigests(store: Store): Digest {
  const present = new Map<string, Promise<ReadonlySet<string>>>();
  const known = new Map<string, Promise<string | null>>();
  const look = async (stage: string, wanted: string) => {
    const listed = present.get(stage) ?? artifactsOf(store, stage);
    present.set(stage, listed);
    if (!(await listed).has(wanted)) return null;
    const found = await findArtifact(store, stage, wanted);
    return found.state === 'intact' ? found.artifact.manifest.digest : null;
  };
  return (stage, wanted) => {
    const key = `${stage} ${wanted}`;
    const found = known.get(key) ?? look(stage, wanted);
    known.set(key, found);
    return found;
  };
}

/** The stages with their environments remembered: they ask tools for their versions. */
function remembered(stages: readonly Stage[]): readonly Stage[] {
  return stages.map((stage) => {
    const { environment } = stage;
    if (environment === undefined) return stage;
    const known = new Map<string, ReturnType<typeof environment>>();
    return {
      ...stage,
      environment: (spec) => {
        const key = canonicalJson([spec.data, spec.device, spec.engine]);
        const found = known.get(key) ?? environment.call(stage, spec);
        known.set(key, found);
        return found;
      },
    };
  });
}

/**
 * A planner for experiments on one store. It sees the store as it is when an artifact is first asked
 * for; take a new one to look again.
 */
export function sweepPlanner(stages: readonly Stage[], store: Store, range: Range): Planner {
  const digest = storedDigests(store);
  const asked = remembered(stages);
  return {
    plan: async (experiment, runs) => {
      const declarations = await declareStages(asked, experiment.spec, range);
      const planned = await planSteps(declarations, digest);
      const wanted = planned.map(({ key }) => key);
      const isDone = planned.every(({ cached }) => cached);
      return {
        ...experiment,
        stages: planned,
        done: isDone ? (runs.findLast((run) => covers(run, experiment, wanted)) ?? null) : null,
      };
    },
  };
}

async function planSteps(
  declarations: readonly Declaration[],
  digest: Digest,
): Promise<readonly SweepStage[]> {
  const planned: SweepStage[] = [];
  const outputs = new Map<string, string>();
  for (const declaration of declarations) {
    const { name, stage, asked, needed, skip } = declaration;
    if (skip !== null || !(asked || needed)) continue;
    let isOpen = false;
    const inputs: Record<string, string> = {};
    for (const [input, step] of Object.entries(declaration.inputs)) {
      const output = outputs.get(step);
      if (output === undefined) continue;
      inputs[input] = output;
      isOpen ||= output.startsWith(unmade);
    }
    const key = fingerprint(recipeOf(declaration, inputs));
    const found = isOpen ? null : await digest(stage.name, key);
    outputs.set(name, found ?? unmade + key);
    planned.push({ name, key, cached: found !== null });
  }
  return planned;
}

/** Marks what stands for the digest of an artifact that is yet to be made. */
const unmade = 'of ';

function covers(
  { status, spec, stages }: RunRecord,
  experiment: Experiment,
  wanted: readonly string[],
): boolean {
  if (status !== 'finished' || spec.name !== experiment.spec.name) return false;
  const has = new Set(
    stages.flatMap((stage) => (stage.status === 'finished' ? stage.fingerprint : [])),
  );
  return wanted.every((fingerprint) => has.has(fingerprint));
}

/** What the experiments of a sweep have in common. */
export interface SweepSummary {
  readonly experiments: number;
  /** Experiments that have nothing left to do. */
  readonly done: number;
  /** Distinct artifacts that all experiments together need. */
  readonly stages: number;
  readonly cached: number;
  /** The same by the stage's name, in the order in which they run. */
  readonly byStage: Readonly<
    Record<string, { readonly asked: number; readonly distinct: number; readonly cached: number }>
  >;
}

/** Counts what is shared. */
export function summarize(planned: readonly PlannedExperiment[]): SweepSummary {
  const keys = new Map<string, boolean>();
  const byStage = new Map<string, { asked: number; keys: Map<string, boolean> }>();
  for (const { stages } of planned) {
    for (const { name, key, cached } of stages) {
      keys.set(key, cached);
      const counted = byStage.get(name) ?? { asked: 0, keys: new Map() };
      counted.asked += 1;
      counted.keys.set(key, cached);
      byStage.set(name, counted);
    }
  }
  const cachedOf = (known: ReadonlyMap<string, boolean>) =>
    [...known.values()].filter(Boolean).length;
  return {
    experiments: planned.length,
    done: planned.filter(({ done }) => done !== null).length,
    stages: keys.size,
    cached: cachedOf(keys),
    byStage: Object.fromEntries(
      [...byStage].map(([name, { asked, keys }]) => [
        name,
        { asked, distinct: keys.size, cached: cachedOf(keys) },
      ]),
    ),
  };
}
