import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Experiment, ExperimentRecord } from '../../src/experiments/experiment.js';
import { experiments } from '../../src/experiments/list.js';
import { experimentsPage } from '../../src/experiments/page.js';
import { reportExperiments } from '../../src/experiments/report.js';
import { recordFile } from '../../src/experiments/run.js';
import { loadSpec } from '../../src/spec/load.js';
import { packageFile } from '../../src/util/paths.js';

const experiment: Experiment = {
  name: 'coins',
  title: 'Coins',
  question: 'Which falls better?',
  spec: 'configs/quickstart.yaml',
  seeds: [0, 1],
  variants: [
    { name: 'new', set: ['train.epochs=2'] },
    { name: 'old', set: [] },
  ],
  pairings: [{ variant: 'new', against: 'old' }],
  goals: [{ variant: 'new', accuracy: 90 }],
};

function outcome(variant: string, seed: number, accuracy: number) {
  return { variant, seed, accuracy, packedAccuracy: accuracy - 1, seconds: 60, digest: 'd' };
}

const record: ExperimentRecord = {
  experiment: 'coins',
  tool: 'bench 1',
  machine: { cpu: 'some CPU', cores: 2, node: 'v20' },
  date: '2026-01-02T03:04:05.000Z',
  outcomes: [
    outcome('new', 0, 90),
    outcome('new', 1, 92),
    outcome('old', 0, 88),
    outcome('old', 1, 91),
  ],
};

describe('page of experiments', () => {
  test('means, intervals and differences taken seed by seed', () => {
    const page = experimentsPage([{ experiment, record }]);
    // mean 91, deviation sqrt 2, margin 12.7062 * sqrt(2) / sqrt(2)
    expect(page).toContain(
      '| new | 91.00 ± 12.71 | 90.00 ± 12.71 | 90.00, 92.00 | ≥ 90.0 | 60 s |',
    );
    // differences 2 and 1
    expect(page).toContain('- new against old: +1.50 ± 6.35 points');
    expect(page).toContain('- new: `train.epochs=2`');
  });

  test('a missed goal says so, an experiment that was not run too', () => {
    const missed = { ...experiment, goals: [{ variant: 'new', accuracy: 91.5 }] };
    expect(experimentsPage([{ experiment: missed, record }])).toContain('≥ 91.5, missed');
    expect(experimentsPage([{ experiment, record: null }])).toContain('Not run yet.');
  });

  test('docs/experiments.md is what the kept records give', () => {
    expect(readFileSync(packageFile('docs/experiments.md'), 'utf8')).toBe(reportExperiments());
  });

  test.each(experiments)('$name: specs are valid, outcomes are of its variants', async (listed) => {
    for (const { set } of listed.variants) await loadSpec(packageFile(listed.spec), set);
    const names = listed.variants.map(({ name }) => name);
    for (const { variant, against } of listed.pairings) {
      expect(names).toEqual(expect.arrayContaining([variant, against]));
    }
    const file = recordFile(listed.name);
    if (!existsSync(file)) return;
    const { outcomes }: ExperimentRecord = JSON.parse(readFileSync(file, 'utf8'));
    for (const { variant } of outcomes) expect(names).toContain(variant);
  });
});
