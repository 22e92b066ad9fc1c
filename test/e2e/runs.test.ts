import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { writeTinySpec } from '../sweep/files.js';
import { snn } from './cli.js';

it('a run is listed, tagged, removed, and its artifacts are collected', async () => {
  const folder = temporaryFolder();
  expect((await snn(folder, 'runs')).stdout).toBe('no runs yet\n');
  await snn(folder, 'run', writeTinySpec(folder, ''), '--until', 'sample');
  const { stdout: tagged } = await snn(folder, 'runs', 'tag', 'tiny', 'best');
  expect(tagged).toMatch(/^tiny-\S+: best\n$/);
  const listed = JSON.parse((await snn(folder, 'runs', '--tag', 'best', '--json')).stdout);
  expect(listed).toMatchObject({ recorded: 1, runs: [{ name: 'tiny', status: 'finished' }] });
  expect((await snn(folder, 'status')).stdout).toBe('nothing runs\n');

  await snn(folder, 'runs', 'remove', listed.runs[0].id);
  const { stdout } = await snn(folder, 'cache', 'gc');
  expect(stdout).toMatch(/^sample\/[0-9a-f]{12} .*\n1 artifacts and 0 checkpoints removed: /);
  expect(readdirSync(join(folder, '.snn', 'artifacts', 'sample'))).toEqual([]);
  expect((await snn(folder, 'cache', 'verify')).stdout).toBe('0 artifacts are as they were made\n');
});
