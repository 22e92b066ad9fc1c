import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src/pipeline/events.js';
import { progressMode, startProgress } from '../../src/report/progress.js';
import { plainLines } from '../../src/report/progress-plain.js';
import { duration, figure } from '../../src/report/progress-text.js';

const training = (image: number): RunEvent => ({
  type: 'stage-event',
  stage: 'refine',
  event: {
    type: 'training',
    epoch: 2,
    epochs: 8,
    image,
    images: 60_000,
    loss: 0.12345,
    accuracy: 0.9678,
    imagesPerSecond: 912.4,
    secondsLeft: 203,
  },
});
const metrics = {
  'training loss': { value: 0.0956, unit: 'nats', kind: 'measured' },
  'training accuracy': { value: 97.114, unit: '%', kind: 'measured' },
} as const;
const events: readonly RunEvent[] = [
  { type: 'run-started', run: 'a-1', spec: 'a', stages: ['sample', 'refine', 'pack'] },
  {
    type: 'stage-finished',
    stage: 'sample',
    cached: true,
    seconds: 0,
    digest: 'd',
    metrics: {},
  },
  { type: 'stage-started', stage: 'refine', because: ['train.epochs 4 -> 8', 'seed 1 -> 2'] },
  training(30_000),
  { type: 'stage-event', stage: 'refine', event: { type: 'warning', text: 'beware' } },
  { type: 'stage-finished', stage: 'refine', cached: false, seconds: 142, digest: 'd', metrics },
];

describe('plain lines', () => {
  it('tell the run event by event', () => {
    const lines: string[] = [];
    const listen = plainLines((line) => lines.push(line));
    events.forEach(listen);
    listen({ type: 'stage-skipped', stage: 'pack', reason: 'no need' });
    listen({ type: 'run-finished', run: 'a-1', status: 'finished', seconds: 150 });
    expect(lines).toEqual([
      'run a-1',
      'sample: cached',
      'refine: started (train.epochs 4 -> 8, seed 1 -> 2)',
      'refine: epoch 2/8 50 %, loss 0.1235, accuracy 96.78 %, 912 images/s, 3 min 23 s left',
      'refine: warning: beware',
      'refine: finished in 2 min 22 s - training loss 0.0956 nats, training accuracy 97.11 %',
      'pack: skipped (no need)',
      'run finished after 2 min 30 s',
    ]);
  });

  it('let one passing event in five seconds through, and every lasting one', () => {
    const lines: string[] = [];
    let now = 0;
    const listen = plainLines(
      (line) => lines.push(line),
      () => now,
    );
    for (; now < 20_000; now += 100) listen(training(now));
    expect(lines).toHaveLength(4);
    for (let i = 0; i < 10; i++) {
      listen({ type: 'stage-event', stage: 'pack', event: { type: 'note', text: 'n' } });
    }
    expect(lines).toHaveLength(14);
  });

  it('cut long lines of tools', () => {
    const lines: string[] = [];
    const listen = plainLines((line) => lines.push(line));
    const text = `  g++ ${'-Wall '.repeat(100)}`;
    listen({ type: 'stage-event', stage: 'deploy', event: { type: 'log', source: 'make', text } });
    expect(lines[0]).toMatch(/^deploy: make: g\+\+ -Wall .*\.\.\.$/);
    expect(lines[0]?.length).toBeLessThan(120);
  });
});

describe('live rows', () => {
  afterEach(() => vi.restoreAllMocks());

  /** What listr2 draws without a terminal: its lines, one a change. */
  async function draw(all: readonly RunEvent[]): Promise<string> {
    let drawn = '';
    const keep = (text: string | Uint8Array) => {
      drawn += text;
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    const progress = await startProgress('live');
    for (const event of all) progress.listen(event);
    await progress.close();
    vi.restoreAllMocks();
    return drawn;
  }

  it('end when the run has ended, with its figures', async () => {
    const drawn = await draw([
      ...events,
      { type: 'stage-skipped', stage: 'pack', reason: 'no need' },
      { type: 'run-finished', run: 'a-1', status: 'finished', seconds: 150 },
    ]);
    expect(drawn).toContain('training accuracy 97.11 %');
  });

  it('end when a stage fails, though others never began', async () => {
    const drawn = await draw([
      ...events.slice(0, 3),
      { type: 'stage-failed', stage: 'refine', status: 'interrupted', message: 'interrupted' },
      { type: 'run-finished', run: 'a-1', status: 'interrupted', seconds: 1 },
    ]);
    expect(drawn).toContain('interrupted');
  });

  it('end when the run failed before its first stage', async () => {
    expect(await draw([])).toBe('');
  });
});

describe('the mode', () => {
  const mode = (isTTY: boolean, env: NodeJS.ProcessEnv, json = false) =>
    progressMode(json, { isTTY }, env);

  it('is live on a terminal only', () => {
    expect(mode(true, {})).toBe('live');
    expect(mode(false, {})).toBe('plain');
    expect(mode(true, { CI: 'true' })).toBe('plain');
    expect(mode(true, { NO_COLOR: '1' })).toBe('plain');
    expect(mode(true, { TERM: 'dumb' })).toBe('plain');
    expect(mode(true, {}, true)).toBe('json');
  });
});

describe('figures for people', () => {
  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [119.4, '119 s'],
    [119.6, '2 min 0 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('%d seconds: %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [97.9712, '%', '97.97 %'],
    [100, '%', '100 %'],
    [123.456, 'ms', '123.5 ms'],
    [3386, 'LUT', '3386 LUT'],
    [12_363, 'bytes', '12\u202f363 bytes'],
    [1_234_567.8, '', '1\u202f234\u202f568'],
    [0.00231, 'ms', '0.00231 ms'],
    [0.579, 'bit', '0.579 bit'],
    [0, 'errors', '0 errors'],
    [-12_345, '', '-12\u202f345'],
  ])('%d %s: %s', (value, unit, text) => {
    expect(figure({ value, unit, kind: 'counted' })).toBe(text);
  });
});
