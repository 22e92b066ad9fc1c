import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/pipeline/events.js';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { snn, startSnn } from './cli.js';

/** The quickstart on few images, up to the trained network. */
const few = ['run', packageFile('configs/quickstart.yaml'), '--set', 'data.limit.train=1000'];

describe('snn run', () => {
  it('runs, and the next time reuses everything', async () => {
    const folder = temporaryFolder();
    const once = [...few, '--until', 'refine', '--set', 'train.epochs=1', '--json'];
    const first = await snn(folder, ...once);
    expect(first.code).toBe(0);
    const document = JSON.parse(first.stdout);
    expect(document.stages.slice(0, 3)).toMatchObject([
      { name: 'pretrain', status: 'skipped' },
      { name: 'sample', status: 'finished', cached: false },
      { name: 'refine', status: 'finished', cached: false },
    ]);
    const events = first.stderr
      .trim()
      .split('\n')
      .map((line): RunEvent => JSON.parse(line));
    expect(events[0]?.type).toBe('run-started');
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'finished' });
    expect(events.some(({ type }) => type === 'stage-event')).toBe(true);

    const second = await snn(folder, ...once);
    const again = JSON.parse(second.stdout);
    expect([again.stages[1], again.stages[2]]).toMatchObject([{ cached: true }, { cached: true }]);
    expect(again.metrics).toEqual(document.metrics);

    const { stdout } = await snn(folder, 'plan', ...few.slice(1), '--set', 'train.epochs=2');
    expect(stdout).toMatch(/^sample +cached/m);
    expect(stdout).toMatch(/^refine +will run +train\.epochs 1 -> 2/m);
  });

  it('killed in one epoch and stopped by Ctrl-C in the next, ends with the same bytes', async () => {
    const folder = temporaryFolder();
    const three = [...few, '--until', 'refine', '--set', 'train.epochs=3', '--json'];
    const killed = startSnn(folder, ...three);
    await killed.printed('"epoch":2');
    killed.kill('SIGKILL');
    await killed.ended;

    const stopped = startSnn(folder, ...three);
    await stopped.printed('"epoch":3');
    stopped.kill('SIGINT');
    const { code, stdout, stderr } = await stopped.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain('"epoch":1,');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      status: 'interrupted',
      error: { kind: 'interrupted', exitCode: 130 },
    });
    expect(document.stages.slice(0, 4)).toMatchObject([
      { name: 'pretrain', status: 'skipped' },
      { name: 'sample', status: 'finished' },
      { name: 'refine', status: 'interrupted' },
      { name: 'pack', status: 'not-asked' },
    ]);

    const resumed = await snn(folder, ...three);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).not.toContain('"epoch":2,');
    const straight = await snn(temporaryFolder(), ...three);
    const digest = (json: string) => JSON.parse(json).stages[2].digest;
    expect(digest(resumed.stdout)).toMatch(/^[0-9a-f]{64}$/);
    expect(digest(resumed.stdout)).toBe(digest(straight.stdout));
    expect(await readdir(join(folder, '.snn', 'tmp'))).toEqual([]);
  });

  it('stops at once at the second Ctrl-C', async () => {
    const folder = temporaryFolder();
    const process = startSnn(folder, ...few, '--set', 'train.epochs=50', '--json');
    await process.printed('"epoch":1');
    process.kill('SIGINT');
    process.kill('SIGINT');
    expect((await process.ended).code).toBe(130);
  });

  it('prints plain lines in a pipe', async () => {
    const { stdout, stderr } = await snn(temporaryFolder(), ...few, '--until', 'sample');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^run quickstart-\d{8}T\d{6}Z-[0-9a-f]{6}$/m);
    expect(stdout).toMatch(/^sample: started \(never run\)$/m);
    expect(stdout).toMatch(/^sample: finished in /m);
    expect(stdout).not.toContain('\u001b');
  });
});
