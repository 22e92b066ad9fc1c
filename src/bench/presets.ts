import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { PresetName } from '../spec/architectures.js';
import type { KnownSetName } from '../spec/types.js';
import { packageFile } from '../util/paths.js';
import type { Figure, Suite } from './figure.js';

/** A preset on random images of a data set's shape, and a batch that the machine bears. */
export interface PresetCase {
  readonly preset: PresetName;
  readonly set: KnownSetName;
  readonly batch: number;
  readonly steps: number;
}

/** What a preset's training run found. */
export interface PresetRun {
  readonly imagesPerSecond: number;
  /** Time of quantising all latents once, over that of a step. */
  readonly quantiserShare: number;
  /** Peak resident memory of the process, engine threads included. */
  readonly peakBytes: number;
}

const steps = 20;

const cases: readonly PresetCase[] = [
  { preset: 'bireal6', set: 'mnist', batch: 128, steps },
  { preset: 'resnet20', set: 'cifar10', batch: 128, steps },
  { preset: 'vgg-small', set: 'cifar10', batch: 64, steps },
  { preset: 'resnet18', set: 'cifar10', batch: 64, steps },
  { preset: 'resnet34', set: 'cifar10', batch: 64, steps },
  { preset: 'resnet18', set: 'imagenet', batch: 16, steps },
  { preset: 'resnet34', set: 'imagenet', batch: 8, steps },
];

/** Runs a case in a process of its own. */
async function run(plan: PresetCase): Promise<PresetRun> {
  const args = [packageFile('dist/bench/preset-run.js'), JSON.stringify(plan)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

function figuresOf({ preset, set, batch }: PresetCase, found: PresetRun): readonly Figure[] {
  const shared = {
    goal: null,
    kind: 'measured',
    baseline: `${set}'s shape, batch ${batch}, ${availableParallelism()} threads`,
  } as const;
  const id = (name: string) => `presets.${preset}.${set}.${name}`;
  return [
    {
      id: id('speed'),
      value: found.imagesPerSecond,
      unit: 'images/s',
      better: 'higher',
      ...shared,
    },
    {
      id: id('quantiser-share'),
      value: 100 * found.quantiserShare,
      unit: '% of a step',
      better: 'lower',
      ...shared,
    },
    {
      id: id('peak-memory'),
      value: found.peakBytes / 2 ** 20,
      unit: 'MiB',
      better: 'lower',
      ...shared,
    },
  ];
}

/** Every preset at its real size: a training run of twenty steps at tau 5 on random images. */
export const presets: Suite = async (note) => {
  const figures: Figure[] = [];
  for (const plan of cases) {
    const { preset, set, batch } = plan;
    note(`${preset} on images of ${set}'s shape: ${steps} steps of ${batch}`);
    figures.push(...figuresOf(plan, await run(plan)));
  }
  return figures;
};
