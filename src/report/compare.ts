import { bitsPerBinaryWeight, type NetworkCost } from '../model/cost.js';
import type { FigureKind } from '../pipeline/events.js';
import type { RunRecord } from '../pipeline/runs.js';
import { binaryCostOf } from '../spec/cost.js';

/** A figure of one run, or why it has none. */
export type Cell =
  | { readonly value: number; readonly kind: FigureKind }
  | { readonly missing: string };

/** One figure of every run. */
export interface ComparisonRow {
  readonly figure: string;
  readonly unit: string;
  /** Decimals worth showing. */
  readonly digits: number;
  /** How far from the first run rather than a figure by itself. */
  readonly relative: boolean;
  /** In the order of the runs. */
  readonly cells: readonly Cell[];
}

/** Runs side by side; the first is the one that differences and speed-ups are against. */
export interface Comparison {
  readonly runs: readonly {
    readonly run: string;
    /** Spec's name, with the end of the run's id where names are the same. */
    readonly title: string;
  }[];
  readonly rows: readonly ComparisonRow[];
}

interface Subject {
  readonly run: RunRecord;
  /** Null: the network is real-valued. */
  readonly cost: NetworkCost | null;
}

type Source = (subject: Subject) => Cell;

/** A row to be, and maybe a second one: its distance from the first run. */
interface Figure {
  readonly figure: string;
  readonly unit: string;
  readonly digits: number;
  readonly of: Source;
  readonly against?: { readonly figure: string; readonly as: 'difference' | 'speed-up' };
}

function counted(of: (cost: NetworkCost) => number): Source {
  return ({ cost }) =>
    cost ? { value: of(cost), kind: 'counted' } : { missing: 'the network is real-valued' };
}

/** An operation on bits needs activations of one bit too. */
function countedOfBits(of: (cost: NetworkCost) => number): Source {
  return (subject) =>
    subject.run.spec.quantize.binarize === 'weights'
      ? { missing: 'activations are real: there are no operations on bits' }
      : counted(of)(subject);
}

function whyMissing({ stages }: RunRecord, stageName: string, name: string): string {
  const stage = stages.find((candidate) => candidate.name === stageName);
  switch (stage?.status) {
    case 'finished':
      return `${stageName} found no "${name}"`;
    case 'skipped':
      return `${stageName} was skipped: ${stage.reason ?? 'there was nothing to do'}`;
    case 'failed':
    case 'interrupted':
      return `${stageName} was ${stage.status}`;
    default:
      return `${stageName} was not run`;
  }
}

/** A figure by its name, from the first of these stages that found it. */
function found(name: string, ...stageNames: readonly string[]): Source {
  return ({ run }) => {
    const metric = stageNames.map((stage) => run.metrics[stage]?.[name]).find(Boolean);
    if (metric) return { value: metric.value, kind: metric.kind };
    return { missing: whyMissing(run, stageNames.at(-1) ?? '', name) };
  };
}

const figures: readonly Figure[] = [
  {
    figure: 'test accuracy',
    unit: '%',
    digits: 2,
    of: found('test accuracy', 'evaluate'),
    against: { figure: 'difference', as: 'difference' },
  },
  {
    figure: 'bits per binary weight',
    unit: 'bit',
    digits: 2,
    of: counted(bitsPerBinaryWeight),
  },
  {
    figure: 'stored bits per binary weight',
    unit: 'bit',
    digits: 3,
    of: found('stored bits per binary weight', 'pack'),
  },
  {
    figure: 'binary weights',
    unit: 'kbit',
    digits: 1,
    of: counted(({ total }) => total.subBitBits / 1e3),
  },
  {
    figure: 'with subsets',
    unit: 'kbit',
    digits: 1,
    of: counted(({ total }) => (total.subBitBits + total.subsetBits) / 1e3),
  },
  {
    figure: 'smaller than at 1 bit, with subsets',
    unit: 'x',
    digits: 2,
    of: counted(({ total }) => total.oneBitBits / (total.subBitBits + total.subsetBits)),
  },
  {
    figure: 'packed model, all of it',
    unit: 'bytes',
    digits: 0,
    of: found('packed model', 'pack'),
  },
  {
    figure: 'Bit-OPs an image',
    unit: 'M',
    digits: 3,
    of: countedOfBits(({ total }) => total.subBitOps / 1e6),
  },
  {
    figure: 'fewer than at 1 bit',
    unit: 'x',
    digits: 2,
    of: countedOfBits(({ total }) => total.oneBitOps / total.subBitOps),
  },
  {
    figure: 'CPU time an image, 1 thread',
    unit: 'ms',
    digits: 3,
    of: found('CPU time', 'evaluate'),
    against: { figure: 'CPU speed-up', as: 'speed-up' },
  },
  {
    figure: 'FPGA cycles an image',
    unit: 'cycles',
    digits: 0,
    of: found('whole network', 'deploy', 'synthesize'),
    against: { figure: 'FPGA speed-up at equal clock', as: 'speed-up' },
  },
  { figure: 'FPGA clock', unit: 'MHz', digits: 1, of: found('fmax after routing', 'synthesize') },
  { figure: 'LUT', unit: 'LUT4', digits: 0, of: found('LUT', 'synthesize') },
  { figure: 'block RAM', unit: 'blocks', digits: 0, of: found('block RAM', 'synthesize') },
];

function distance(cell: Cell, first: Cell, as: 'difference' | 'speed-up'): Cell {
  if ('missing' in cell) return cell;
  if ('missing' in first) return first;
  const value = as === 'difference' ? cell.value - first.value : first.value / cell.value;
  return { value, kind: cell.kind };
}

function rowsOf({ of, against, ...figure }: Figure, subjects: readonly Subject[]): ComparisonRow[] {
  const cells = subjects.map(of);
  const [first, ...others] = cells;
  const row = { ...figure, relative: false, cells };
  if (!against || !first || others.length === 0) return [row];
  const relative = {
    figure: against.figure,
    unit: against.as === 'difference' ? 'points' : 'x',
    digits: 2,
    relative: true,
    cells: cells.map((cell) => distance(cell, first, against.as)),
  };
  return [row, relative];
}

/**
 * Puts runs side by side. Sizes and operations are counted from the specs; accuracy, time and
 * resources are what the runs' stages found.
 */
export function compareRuns(runs: readonly RunRecord[]): Comparison {
  const subjects = runs.map((run): Subject => ({ run, cost: binaryCostOf(run.spec) }));
  const names = runs.map(({ spec }) => spec.name);
  return {
    runs: runs.map(({ id, spec }) => {
      const unique = names.indexOf(spec.name) === names.lastIndexOf(spec.name);
      return { run: id, title: unique ? spec.name : `${spec.name} ${id.slice(-6)}` };
    }),
    rows: figures.flatMap((figure) => rowsOf(figure, subjects)),
  };
}
