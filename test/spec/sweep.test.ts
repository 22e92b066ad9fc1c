import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryQuantization } from '../../src/spec/binary.js';
import { readSpec } from '../../src/spec/load.js';
import { openSweep } from '../../src/spec/load-sweep.js';
import { locationOf, locationText, type Problem } from '../../src/spec/problem.js';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { writeTinySpec } from '../sweep/files.js';

async function read(sweep: string, ...overrides: string[]) {
  const file = writeTinySpec(temporaryFolder(), `sweep:\n${sweep}`);
  const opened = await openSweep(file, overrides);
  return opened.ok ? opened.experiments() : opened;
}

async function experimentsOf(sweep: string, ...overrides: string[]) {
  const result = await read(sweep, ...overrides);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result;
}

/** Line, column and message of each problem; the sweep's first line is line 10. */
function told(problems: readonly Problem[]): string[] {
  return problems.map(({ place, message }) => {
    const at = locationText(locationOf(place)).replace(/^.*\.yaml:/, '');
    return `${at} ${message}`;
  });
}

async function problemsOf(sweep: string) {
  const result = await read(sweep);
  if (result.ok) throw new Error('there is nothing wrong with it');
  return told(result.problems);
}

describe('the experiments of a sweep', () => {
  it('crosses axes, takes zipped fields side by side, and runs every seed', async () => {
    const { experiments, warnings } = await experimentsOf(
      [
        '  axes: { quantize.tau: [4, 5] }',
        '  zip: [{ train.epochs: [1, 2], train.learningRate: [0.01, 0.005] }]',
        '  seeds: 2',
      ].join('\n'),
    );
    const found = experiments.map(({ spec }) => {
      const { epochs, learningRate } = spec.train;
      return [binaryQuantization(spec).tau, epochs, learningRate, spec.seed];
    });
    expect(found).toEqual([
      [4, 1, 0.01, 0],
      [4, 1, 0.01, 1],
      [4, 2, 0.005, 0],
      [4, 2, 0.005, 1],
      [5, 1, 0.01, 0],
      [5, 1, 0.01, 1],
      [5, 2, 0.005, 0],
      [5, 2, 0.005, 1],
    ]);
    expect(experiments[1]?.spec.name).toBe('tiny-tau4-epochs1-learningRate0.01-seed1');
    expect(experiments[1]?.values).toEqual({
      'quantize.tau': 4,
      'train.epochs': 1,
      'train.learningRate': 0.01,
      seed: 1,
    });
    expect(warnings).toEqual([]);
  });

  it('reads ranges: by step with both ends, by count, and logarithmic', async () => {
    const rates = async (range: string) => {
      const { experiments } = await experimentsOf(`  axes: { train.learningRate: ${range} }`);
      return experiments.map(({ spec }) => spec.train.learningRate);
    };
    expect(await rates('{ from: 0.1, to: 0.5, step: 0.2 }')).toEqual([0.1, 0.3, 0.5]);
    expect(await rates('{ from: 0.1, to: 0.2, count: 3 }')).toEqual([0.1, 0.15, 0.2]);
    expect(await rates('{ from: 0.001, to: 0.1, count: 3, scale: log }')).toEqual([
      0.001, 0.01, 0.1,
    ]);
  });

  it('leaves out what is excluded, and warns of an exclusion without use', async () => {
    const { experiments, warnings } = await experimentsOf(
      [
        '  axes:',
        '    quantize.tau: [4, 5]',
        '    quantize.subset.structure: [free, antipodal]',
        '  exclude:',
        '    - { quantize.tau: 4, quantize.subset.structure: antipodal }',
        '    - quantize.tau: 6',
      ].join('\n'),
    );
    expect(experiments.map(({ spec }) => spec.name)).toEqual([
      'tiny-tau4-structure-free',
      'tiny-tau5-structure-free',
      'tiny-tau5-structure-antipodal',
    ]);
    expect(told(warnings)).toEqual(['15:7 this exclusion matches no combination']);
  });

  it('gives an experiment the same name and spec whatever else the lists hold', async () => {
    const seeds = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 2, maxLength: 4 });
    const taus = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 4 });
    const all = async (taus: readonly number[], seeds: readonly number[]) => {
      const sweep = `  axes: { quantize.tau: [${taus}] }\n  seeds: [${seeds}]`;
      const { experiments } = await experimentsOf(sweep);
      expect(experiments).toHaveLength(taus.length * seeds.length);
      return new Map(experiments.map(({ spec }) => [spec.name, spec]));
    };
    await fc.assert(
      fc.asyncProperty(taus, seeds, async (taus, seeds) => {
        const more = await all(taus, seeds);
        expect(more.size).toBe(taus.length * seeds.length);
        for (const [name, spec] of await all(taus.slice(1), seeds.toReversed())) {
          expect(more.get(name)).toEqual(spec);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('names what is no plain word by its hash, within 64 characters', async () => {
    const { experiments } = await experimentsOf(
      [
        '  axes:',
        '    architecture.stages: [[1], [1, 1]]',
        '    data.path: ["a b/../;rm -rf", "$(x)"]',
        '    train.schedule: [linear, { milestones: [1], factor: 0.1 }]',
        '    train.learningRate: [0.123456789]',
      ].join('\n'),
    );
    const names = experiments.map(({ spec }) => spec.name);
    expect(new Set(names).size).toBe(8);
    for (const name of names) expect(name).toMatch(/^tiny-[A-Za-z0-9.-]{1,59}$/);
  });

  it('is laid over by --set, its own fields too', async () => {
    const { experiments } = await experimentsOf('  seeds: 5', 'sweep.seeds=[8]', 'quantize.tau=3');
    expect(experiments.map(({ spec }) => [spec.seed, binaryQuantization(spec).tau])).toEqual([
      [8, 3],
    ]);
  });
});

describe('what is wrong with a sweep is told with its place', () => {
  it.each([
    ['  axes: { quantize.ta: [4] }', '10:11 a spec has no field "quantize.ta"'],
    ['  axes: { name: [a, b] }', '10:11 "name" cannot be varied by a sweep'],
    ['  axes: { train.epochs: [] }', '10:11 the axis train.epochs has no values'],
    ['  axes: { train.epochs: 4 }', '10:25 the axis train.epochs must be a list or a range'],
    ['  axes: { seed: [1, 2, 1] }', '10:24 seed has the value 1 twice'],
    ['  axes: { seed: { from: 3, to: 1 } }', '10:32 the range of seed ends before it begins'],
    ['  axes: { seed: { from: 1, to: 2, by: 1 } }', '10:35 the range of seed has no key "by"'],
    ['  axes: { quantize.tau: [4, 12] }', '10:29 quantize.tau must be a whole number from 1 to 9'],
    [
      '  axes: { quantize: [{ tau: 4 }], quantize.tau: [5] }',
      '10:35 quantize.tau and quantize vary',
    ],
    ['  axes: { seed: [1] }\n  seeds: 2', '11:3 seed is varied twice'],
    [
      '  zip:\n    - seed: [1, 2]\n      train.epochs: [1]',
      '12:7 train.epochs has 1 values, seed zipped with it has 2',
    ],
    ['  seeds: 1\n  exclude: [{ quantize.tau: 9 }]', '11:15 the sweep does not vary quantize.tau'],
    ['  seeds: 1\n  exclude: [{ seed: 0 }]', '9:1 the sweep excludes all of its experiments'],
    ['  sedes: 1', '10:3 sweep has no key "sedes"'],
    ['  seeds: 0', '10:10 seeds must be how many there are'],
    ['  {}', '9:1 the sweep has no axes'],
  ])('%s', async (sweep, expected) => {
    const [first, ...others] = await problemsOf(sweep);
    expect(first?.slice(0, expected.length)).toBe(expected);
    expect(others).toEqual([]);
  });

  it('tells a problem of some experiments once, and how many have it', async () => {
    const problems = await problemsOf('  axes: { quantize.tau: [4, 12] }\n  seeds: 3');
    expect(problems).toEqual([
      '10:29 quantize.tau must be a whole number from 1 to 9, not 12 (in 3 of 6 experiments, such as tiny-tau12-seed0)',
    ]);
  });
});

it('a sweep is not one spec, and a spec is no sweep', async () => {
  const sweep = packageFile('configs/sweeps/bits.yaml');
  const asSpec = await readSpec(sweep);
  expect(asSpec.ok ? [] : told(asSpec.problems)).toEqual([
    expect.stringContaining('this file is a sweep of experiments, not one'),
  ]);
  const spec = await openSweep(packageFile('configs/quickstart.yaml'));
  expect(spec.ok ? [] : told(spec.problems)).toEqual(['1:1 this spec has no sweep']);
});
