import { describe, expect, it } from 'vitest';
import type { Metric, StageStatus } from '../../src/pipeline/events.js';
import type { RunRecord } from '../../src/pipeline/runs.js';
import { type Comparison, compareRuns } from '../../src/report/compare.js';
import { comparisonTable } from '../../src/report/compare-table.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import { twinOf } from '../../src/spec/twin.js';
import type { Spec } from '../../src/spec/types.js';
import { spec } from '../pipeline/support.js';

const stageNames = ['sample', 'refine', 'pack', 'evaluate', 'synthesize', 'deploy'];

const metric = (value: number, kind: Metric['kind']): Metric => ({ value, unit: '', kind });

function record(of: Spec, found: RunRecord['metrics'], lacking: StageStatus): RunRecord {
  return {
    format: 1,
    id: `${of.name}-20260102T030405Z-abcdef`,
    status: 'finished',
    specFile: null,
    spec: of,
    stages: stageNames.map((name) => ({
      name,
      status: name in found ? 'finished' : lacking,
      cached: false,
      seconds: 1,
      fingerprint: null,
      digest: null,
    })),
    metrics: found,
    error: null,
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: null,
    tool: 'test',
    process: '',
  };
}

const board: BinarySpec = {
  ...spec,
  name: 'net',
  device: { ...spec.device, target: 'ice40-up5k' },
};
const found = (accuracy: number, milliseconds: number, cycles: number) => ({
  evaluate: {
    'test accuracy': metric(accuracy, 'measured'),
    'CPU time': metric(milliseconds, 'measured'),
  },
  synthesize: { 'whole network': metric(cycles, 'modelled'), LUT: metric(3000, 'counted') },
});
const twin = record(twinOf(board), found(97.5, 2, 12_000), 'not-asked');
const run = record(
  board,
  {
    ...found(97, 1, 6000),
    pack: { 'stored bits per binary weight': metric(0.534, 'counted') },
    deploy: { 'whole network': metric(6000, 'simulated') },
  },
  'not-asked',
);

function row({ rows }: Comparison, figure: string) {
  return rows.find((candidate) => candidate.figure === figure)?.cells;
}

describe('compareRuns with networks that are not packed', () => {
  const real = record({ ...spec, name: 'real', quantize: { binarize: 'none' } }, {}, 'not-asked');
  const weights = record(
    { ...spec, name: 'w', quantize: { ...spec.quantize, binarize: 'weights' } },
    { evaluate: { 'test accuracy': metric(98, 'measured') } },
    'not-asked',
  );
  const comparison = compareRuns([
    {
      ...real,
      stages: [{ ...real.stages[2], status: 'skipped', reason: 'activations stay real' }],
    },
    weights,
  ]);

  it('counts no bits of real weights, and no operations on bits with real activations', () => {
    expect(row(comparison, 'bits per binary weight')).toEqual([
      { missing: 'the network is real-valued' },
      { value: 5 / 9, kind: 'counted' },
    ]);
    expect(row(comparison, 'Bit-OPs an image')?.[1]).toEqual({
      missing: 'activations are real: there are no operations on bits',
    });
    expect(row(comparison, 'test accuracy')?.[1]).toEqual({ value: 98, kind: 'measured' });
  });

  it('says why there is no packed model', () => {
    expect(row(comparison, 'packed model, all of it')?.[0]).toEqual({
      missing: 'pack was skipped: activations stay real',
    });
  });
});

describe('compareRuns', () => {
  const comparison = compareRuns([twin, run]);

  it('tells accuracy and its difference in points', () => {
    expect(row(comparison, 'test accuracy')).toEqual([
      { value: 97.5, kind: 'measured' },
      { value: 97, kind: 'measured' },
    ]);
    expect(row(comparison, 'difference')?.[1]).toEqual({ value: -0.5, kind: 'measured' });
  });

  it('counts bits and operations from the shapes, subsets apart', () => {
    // Six layers: 16-16, 16-16, 16-32, 32-32, 32-64, 64-64.
    const pairs = 256 + 256 + 512 + 1024 + 2048 + 4096;
    const values = (figure: string) =>
      row(comparison, figure)?.map((cell) => ('value' in cell ? cell.value : null));
    expect(values('binary weights')).toEqual([(9 * pairs) / 1000, (5 * pairs) / 1000]);
    expect(values('with subsets')).toEqual([(9 * pairs) / 1000, (5 * pairs + 6 * 32 * 9) / 1000]);
    expect(values('bits per binary weight')).toEqual([1, 5 / 9]);
    expect(values('fewer than at 1 bit')?.[0]).toBe(1);
  });

  it('takes cycles from the simulation where there is one, and says how each was come by', () => {
    expect(row(comparison, 'FPGA cycles an image')).toEqual([
      { value: 12_000, kind: 'modelled' },
      { value: 6000, kind: 'simulated' },
    ]);
    expect(row(comparison, 'FPGA speed-up at equal clock')?.[1]).toMatchObject({ value: 2 });
    expect(row(comparison, 'CPU speed-up')?.[1]).toMatchObject({ value: 2 });
  });

  it('says why a figure is missing, and compares nothing with it', () => {
    const cpu = { ...spec, name: 'cpu' };
    const bare = compareRuns([record(cpu, {}, 'not-asked'), run, record(cpu, {}, 'skipped')]);
    expect(row(bare, 'LUT')).toEqual([
      { missing: 'synthesize was not run' },
      { value: 3000, kind: 'counted' },
      { missing: 'synthesize was skipped: there was nothing to do' },
    ]);
    expect(row(bare, 'CPU speed-up')?.[1]).toEqual({ missing: 'evaluate was not run' });
    expect(row(compareRuns([run]), 'block RAM')).toEqual([
      { missing: 'synthesize found no "block RAM"' },
    ]);
  });

  it('tells runs of one name apart by their ids', () => {
    const other = { ...run, id: 'net-20260102T030406Z-123456' };
    const titles = compareRuns([run, other, twin]).runs.map(({ title }) => title);
    expect(titles).toEqual(['net abcdef', 'net 123456', 'net-1bit']);
  });
});

it('prints a column a run, a row a figure, its kind, and what is missing', () => {
  expect(comparisonTable(compareRuns([twin, run]))).toMatchInlineSnapshot(`
    "                                     unit    net-1bit    net
    ─────────────────────────────────────────────────────────────────────────────────
    test accuracy                        %          97.50  97.00  measured
    difference                           points            -0.50  measured
    bits per binary weight               bit         1.00   0.56  counted
    stored bits per binary weight        bit            -  0.534  counted
    binary weights                       kbit        73.7   41.0  counted
    with subsets                         kbit        73.7   42.7  counted
    smaller than at 1 bit, with subsets  x           1.00   1.73  counted
    packed model, all of it              bytes          -      -
    Bit-OPs an image                     M          2.465  2.072  counted
    fewer than at 1 bit                  x           1.00   1.19  counted
    CPU time an image, 1 thread          ms         2.000  1.000  measured
    CPU speed-up                         x                  2.00  measured
    FPGA cycles an image                 cycles     12000   6000  modelled, simulated
    FPGA speed-up at equal clock         x                  2.00  modelled, simulated
    FPGA clock                           MHz            -      -
    LUT                                  LUT4        3000   3000  counted
    block RAM                            blocks         -      -

    - net-1bit: pack was not run
    - net: pack found no "packed model"
    - net-1bit, net: synthesize found no "fmax after routing"
    - net-1bit, net: synthesize found no "block RAM"

    Differences and speed-ups are against net-1bit.
    CPU times were taken as each run was evaluated, not side by side."
  `);
});
