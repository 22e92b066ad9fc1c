import { expect, it } from 'vitest';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { snn } from './cli.js';

it('snn compare baseline runs the twin once, and --no-run never', async () => {
  const folder = temporaryFolder();
  const nothing = await snn(folder, 'compare', 'baseline');
  expect(nothing).toMatchObject({ code: 2, stdout: '' });
  expect(nothing.stderr).toContain('no sub-bit run has finished yet');

  const few = ['--set', 'data.limit.train=256', '--set', 'train.epochs=1', '--until', 'refine'];
  await snn(folder, 'run', packageFile('configs/quickstart.yaml'), ...few);
  const refused = await snn(folder, 'compare', 'baseline', '--no-run');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/lacks sample, refine\nnext: snn compare baseline quickstart-/);

  const compared = await snn(folder, 'compare', 'baseline');
  expect(compared.code).toBe(0);
  expect(compared.stdout).toMatch(/no 1-bit baseline yet; running sample, refine of it\n/);
  expect(compared.stdout).toMatch(/^binary weights +kbit +73\.7 +41\.0 +counted$/m);
  expect(compared.stdout).toContain('- quickstart-1bit, quickstart: evaluate was not run');

  const again = await snn(folder, 'compare', 'baseline', '--no-run', '--json');
  expect(again.code).toBe(0);
  const { runs, rows } = JSON.parse(again.stdout);
  expect(runs.map(({ title }: { title: string }) => title)).toEqual([
    'quickstart-1bit',
    'quickstart',
  ]);
  expect(rows).toContainEqual(
    expect.objectContaining({
      figure: 'bits per binary weight',
      cells: [
        { value: 1, kind: 'counted' },
        { value: 5 / 9, kind: 'counted' },
      ],
    }),
  );
  const named = await snn(folder, 'compare', 'quickstart', 'quickstart-1bit');
  expect(named.stdout).toContain('are against quickstart.');
});
