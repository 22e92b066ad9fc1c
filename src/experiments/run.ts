import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { RunDocument } from '../report/progress-summary.js';
import { loadSpec } from '../spec/load.js';
import { packageFile } from '../util/paths.js';
import { toolVersion } from '../util/tool.js';
import type { Experiment, ExperimentRecord, Outcome, Variant } from './experiment.js';

const execute = promisify(execFile);

/** Where an experiment's outcomes are kept. */
export function recordFile(name: string): string {
  return packageFile(`docs/experiments/${name}.json`);
}

/** One run through the command line, up to evaluation; whatever is cached is reused. */
async function runOnce(
  { name, spec }: Experiment,
  variant: Variant,
  seed: number,
): Promise<Outcome> {
  const runName = `${name}-${variant.name}-${seed}`.replaceAll(/[^A-Za-z0-9.-]+/g, '-');
  const settings = [...variant.set, `seed=${seed}`, `name=${runName}`];
  const command = [packageFile('bin/snn.js'), 'run', packageFile(spec), '--until', 'evaluate'];
  const { stdout } = await execute(
    process.execPath,
    [...command, '--json', ...settings.flatMap((setting) => ['--set', setting])],
    { maxBuffer: 64 * 2 ** 20 },
  );
  const { stages, metrics }: RunDocument = JSON.parse(stdout);
  const figure = (stage: string, figureName: string) => metrics[stage]?.[figureName]?.value;
  const trained = stages.find((stage) => stage.name === 'refine')?.digest;
  const tested = figure('evaluate', 'test accuracy');
  if (typeof trained !== 'string' || tested === undefined) {
    throw new Error(`${runName} ended without a test accuracy`);
  }
  const float = figure('evaluate', 'float test accuracy');
  return {
    variant: variant.name,
    seed,
    accuracy: float ?? tested,
    packedAccuracy: float === undefined ? null : tested,
    seconds: Math.round(figure('refine', 'training time') ?? 0),
    digest: trained,
  };
}

/** Calls `work` for every item, `width` at a time, and returns the results in order. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<Item, Result>();
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      results.set(item, await work(item));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return items.flatMap((item) => results.get(item) ?? []);
}

/** How many runs of a spec keep all cores busy. */
async function runsAtATime(specFile: string): Promise<number> {
  const { spec } = await loadSpec(packageFile(specFile), []);
  const cores = availableParallelism();
  return Math.max(1, Math.floor(cores / (spec.train.threads ?? cores)));
}

/**
 * Runs every variant of an experiment with every seed, as many at a time as keep all cores busy, and
 * writes its record. Runs of the store in the working folder are reused.
 */
export async function runExperiment(
  experiment: Experiment,
  note: (text: string) => void,
): Promise<ExperimentRecord> {
  const jobs = experiment.seeds.flatMap((seed) =>
    experiment.variants.map((variant) => ({ variant, seed })),
  );
  const width = await runsAtATime(experiment.spec);
  const outcomes = await inParallel(jobs, width, async ({ variant, seed }) => {
    const outcome = await runOnce(experiment, variant, seed);
    note(`${variant.name}, seed ${seed}: ${outcome.accuracy.toFixed(2)} %, ${outcome.seconds} s`);
    return outcome;
  });
  const record: ExperimentRecord = {
    experiment: experiment.name,
    tool: await toolVersion(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
    },
    date: new Date().toISOString(),
    outcomes,
  };
  const file = recordFile(experiment.name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(record, null, 1)}\n`);
  return record;
}
