import { expect, it } from 'vitest';
import { listRuns } from '../../src/pipeline/runs.js';
import { openStore } from '../../src/pipeline/store.js';
import { temporaryFolder } from '../support/folder.js';
import { writeTinySpec } from '../sweep/files.js';
import { snn } from './cli.js';

it('two processes run one sweep: every stage runs once, every experiment has one run', async () => {
  const folder = temporaryFolder();
  const file = writeTinySpec(folder, 'sweep: { axes: { quantize.tau: [4, 5] }, seeds: 2 }');
  const command = ['sweep', file, '--until', 'sample', '--json'];
  const both = await Promise.all([snn(folder, ...command), snn(folder, ...command)]);
  expect(both.map(({ code, stderr }) => [code, stderr.includes('"failed"')])).toEqual([
    [0, false],
    [0, false],
  ]);
  for (const { stdout } of both) {
    const { experiments } = JSON.parse(stdout);
    expect(experiments).toHaveLength(4);
    for (const { status } of experiments) expect(['finished', 'cached']).toContain(status);
  }
  const runs = await listRuns(openStore(`${folder}/.snn`));
  const names = runs.map(({ spec }) => spec.name).sort();
  expect(names).toEqual([
    'tiny-tau4-seed0',
    'tiny-tau4-seed1',
    'tiny-tau5-seed0',
    'tiny-tau5-seed1',
  ]);
  const made = runs.flatMap(({ stages }) => stages.filter(({ status }) => status === 'finished'));
  expect(made.map(({ cached }) => cached)).toEqual([false, false, false, false]);

  const plan = await snn(folder, 'sweep', file, '--plan', '--until', 'sample');
  expect(plan.stdout).toMatch(
    /\n4 experiments \(4 finished before\), 4 distinct stages, 4 cached\n$/,
  );
});

it('trains a pretraining that experiments share once', async () => {
  const folder = temporaryFolder();
  const file = writeTinySpec(folder, 'sweep: { axes: { quantize.tau: [4, 5] } }');
  const command = ['sweep', file, '--set', 'train.pretrain={epochs: 1}', '--until', 'refine'];
  const plan = await snn(folder, ...command, '--plan', '--json');
  expect(JSON.parse(plan.stdout).summary.byStage).toMatchObject({
    pretrain: { asked: 2, distinct: 1, cached: 0 },
    refine: { asked: 2, distinct: 2, cached: 0 },
  });
  const { code, stdout } = await snn(folder, ...command);
  expect(code).toBe(0);
  expect(stdout.match(/: pretrain$/gm)).toHaveLength(1);
  expect(stdout).toContain('\ntiny: 2 finished\nnext: snn compare --tag tiny --seeds\n');
  const wanted = ['--figure', 'bits per binary weight', '--format', 'csv'];
  const compared = await snn(folder, 'compare', '--tag', 'tiny', '--seeds', ...wanted);
  expect(compared.stdout).toBe(
    'variant,seeds,bits per binary weight (bit)\ntau 4,1,0.44\ntau 5,1,0.56\n',
  );
  const chosen = await snn(folder, 'compare', '--where', 'quantize.tau=5', '--json');
  expect(JSON.parse(chosen.stdout).runs).toMatchObject([{ title: 'tiny-tau5' }]);
  const none = await snn(folder, 'compare', '--where', 'quantize.tua=5');
  expect([none.code, none.stdout]).toEqual([2, '']);
  expect(none.stderr).toContain('no run has the field "quantize.tua" in its spec');
});

it('refuses what is wrong before anything runs, with its place', async () => {
  const folder = temporaryFolder();
  const file = writeTinySpec(folder, 'sweep:\n  axes: { quantize.tua: [4] }\n  seeds: 2');
  const wrong = await snn(folder, 'sweep', file);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('tiny.yaml:10:11: a spec has no field "quantize.tua"');
  expect(wrong.stderr).toContain('did you mean "quantize.tau"?');
  const large = ['--set', 'sweep={"axes":{"quantize.tau":[1]},"seeds":20000}'];
  const typed = writeTinySpec(folder, '');
  const many = await snn(folder, 'sweep', typed, ...large, '--plan');
  expect(many.code).toBe(2);
  expect(many.stderr).toContain('has 20000 combinations, more than 10000');
  expect(many.stderr).toContain('--yes');
});
