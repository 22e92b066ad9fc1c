import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactFolder } from '../../src/pipeline/store.js';
import { Failure } from '../../src/util/failure.js';
import { chain, newStore, run, spec, summary, withTrain } from './support.js';

describe('a run', () => {
  it('builds every stage, and the next time none', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    const first = await run(store, stages);
    expect(summary(first)).toEqual(['draw finished', 'learn finished', 'pack finished']);
    expect(first.run.metrics.learn?.epochs).toEqual({ value: 4, unit: 'epochs', kind: 'counted' });

    const second = await run(store, stages);
    expect(summary(second)).toEqual(['draw cached', 'learn cached', 'pack cached']);
    expect(runs).toEqual(['draw', 'learn', 'pack']);
    expect(second.run.metrics).toEqual(first.run.metrics);
    expect(second.run.stages.map(({ digest }) => digest)).toEqual(
      first.run.stages.map(({ digest }) => digest),
    );
  });

  it('reuses artifacts of every earlier spec, not of the last one only', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    await run(store, stages);
    await run(store, stages, { spec: withTrain({ epochs: 8 }) });
    runs.length = 0;
    expect(summary(await run(store, stages))).toEqual([
      'draw cached',
      'learn cached',
      'pack cached',
    ]);
    expect(runs).toEqual([]);
  });

  it('ignores fields that no stage reads', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    await run(store, stages);
    await run(store, stages, { spec: withTrain({ batch: 64 }) });
    expect(runs).toEqual(['draw', 'learn', 'pack']);
  });

  it('cuts off early: a rebuilt stage with the same content reruns nothing behind it', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    await run(store, stages, { spec: withTrain({ epochs: 10 }) });
    runs.length = 0;
    const second = await run(store, stages, { spec: withTrain({ epochs: 11 }) });
    expect(runs).toEqual(['learn']);
    expect(summary(second)).toEqual(['draw cached', 'learn finished', 'pack cached']);
  });

  it('gives a stage its slice and inputs and nothing else', async () => {
    let seen: unknown;
    const { stages } = chain({
      learn: {
        run: async ({ spec, inputs }) => {
          seen = { spec, inputs: Object.keys(inputs) };
          return {};
        },
      },
    });
    await run(newStore(), stages);
    expect(seen).toEqual({ spec: { train: { epochs: 4 } }, inputs: ['draw'] });
  });

  it('tells whoever listens', async () => {
    const { stages } = chain({
      learn: {
        run: async ({ emit }) => {
          emit({ type: 'note', text: 'half way' });
          return {};
        },
      },
      pack: { skip: () => 'nothing to pack' },
    });
    const { events, run: record } = await run(newStore(), stages);
    expect(
      events.map((event) => ('stage' in event ? `${event.type} ${event.stage}` : event.type)),
    ).toEqual([
      'run-started',
      'stage-started draw',
      'stage-finished draw',
      'stage-started learn',
      'stage-event learn',
      'stage-finished learn',
      'stage-skipped pack',
      'run-finished',
    ]);
    expect(events[0]).toEqual({
      type: 'run-started',
      run: record.id,
      spec: 'fixture',
      stages: ['draw', 'learn', 'pack'],
    });
    expect(record.stages[2]).toMatchObject({ status: 'skipped', digest: null });
  });

  it('leaves a skipped stage out of the inputs of the next', async () => {
    let inputs: string[] | undefined;
    const { stages } = chain({
      learn: { skip: () => 'not for this spec' },
      pack: {
        run: async (context) => {
          inputs = Object.keys(context.inputs);
          return {};
        },
      },
    });
    await run(newStore(), stages);
    expect(inputs).toEqual([]);
  });
});

describe('a range', () => {
  it('--until stops behind its stage', async () => {
    const { stages, runs } = chain();
    const outcome = await run(newStore(), stages, { until: 'learn' });
    expect(runs).toEqual(['draw', 'learn']);
    expect(summary(outcome)).toEqual(['draw finished', 'learn finished', 'pack not-asked']);
  });

  it('--from uses what is there and refuses to begin without it', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    await expect(run(store, stages, { from: 'learn' })).rejects.toThrow(
      '--from learn does not run draw, and draw has no artifact that fits this spec',
    );
    await run(store, stages, { until: 'draw' });
    await run(store, stages, { from: 'learn' });
    expect(runs).toEqual(['draw', 'learn', 'pack']);
  });

  it('--force rebuilds the stages of the range only', async () => {
    const store = newStore();
    const { stages, runs } = chain();
    await run(store, stages);
    runs.length = 0;
    const outcome = await run(store, stages, { from: 'learn', until: 'learn', force: true });
    expect(runs).toEqual(['learn']);
    expect(summary(outcome)).toEqual(['draw cached', 'learn finished', 'pack not-asked']);
  });

  it('--force starts from nothing: what a killed run left is thrown away', async () => {
    const store = newStore();
    const left: string[][] = [];
    let fail = true;
    const { stages } = chain({
      draw: {
        run: async ({ scratch }) => {
          left.push(await readdir(scratch));
          await writeFile(join(scratch, 'checkpoint'), '1');
          if (fail) throw new Failure('tool', 'out of luck');
          return {};
        },
      },
    });
    await run(store, stages);
    await run(store, stages);
    fail = false;
    await run(store, stages, { force: true });
    expect(left).toEqual([[], ['checkpoint'], []]);
  });

  it.each([
    [{ from: 'pack', until: 'draw' }, '--from pack comes after --until draw'],
    [{ from: 'train' }, '--from train: there is no such stage'],
    [{ until: 'train' }, '--until train: there is no such stage'],
  ])('refuses %o', async (range, message) => {
    const failure = await run(newStore(), chain().stages, range).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ kind: 'input', message });
  });
});

describe('a stage that fails', () => {
  const broken = () =>
    chain({
      learn: {
        run: async ({ out }) => {
          await writeFile(join(out, 'half.txt'), 'half');
          throw new Failure('tool', 'the tool broke', ['mend it']);
        },
      },
    });

  it('ends the run, leaves no artifact and is run again', async () => {
    const store = newStore();
    const first = await run(store, broken().stages);
    expect(first).toMatchObject({ status: 'failed', error: { message: 'the tool broke' } });
    expect(first.run).toMatchObject({ status: 'failed', error: 'the tool broke' });
    expect(summary(first)).toEqual(['draw finished', 'learn failed', 'pack waiting']);
    expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
    expect(await readdir(join(store.root, 'artifacts'))).toEqual(['draw']);
    expect(await readdir(join(store.root, 'locks'))).toEqual([]);

    const { stages, runs } = chain();
    expect((await run(store, stages)).status).toBe('finished');
    expect(runs).toEqual(['learn', 'pack']);
  });

  it('finds its scratch folder again, which goes when it succeeds', async () => {
    const store = newStore();
    const seen: string[][] = [];
    let scratchFolder = '';
    const { stages } = chain({
      learn: {
        run: async ({ scratch }) => {
          scratchFolder = scratch;
          seen.push(await readdir(scratch));
          if (seen.length === 1) {
            await mkdir(join(scratch, 'epoch-1'));
            throw new Failure('tool', 'out of luck');
          }
          return {};
        },
      },
    });
    await run(store, stages);
    await run(store, stages);
    expect(seen).toEqual([[], ['epoch-1']]);
    await expect(access(scratchFolder)).rejects.toThrow('ENOENT');
  });

  it('clears scratch that outlived its artifact, and keeps that of an unfinished stage', async () => {
    const store = newStore();
    const { stages } = chain();
    const { run: made } = await run(store, stages);
    const scratch = (name: string) => join(store.root, 'scratch', name);
    const finished = scratch(`learn-${made.stages[1]?.fingerprint}`);
    const unfinished = scratch(`learn-${'0'.repeat(64)}`);
    for (const folder of [finished, unfinished]) await mkdir(folder, { recursive: true });

    await run(store, stages);
    expect(await readdir(join(store.root, 'scratch'))).toEqual([`learn-${'0'.repeat(64)}`]);
  });

  it('a bug is handed on as it is', async () => {
    const bug = new TypeError('x is not a function');
    const { stages } = chain({ draw: { run: () => Promise.reject(bug) } });
    expect(await run(newStore(), stages)).toMatchObject({ status: 'failed', error: bug });
  });

  it('a figure that is no number never gets into the store', async () => {
    const { stages } = chain({
      draw: { run: async () => ({ loss: { value: Number.NaN, unit: '', kind: 'measured' } }) },
    });
    const outcome = await run(newStore(), stages);
    expect(outcome.run.error).toContain('metrics.loss.value is no JSON value: NaN');
  });
});

describe('preflight', () => {
  const missing = (text: string) => () => {
    throw new Failure('input', `${text} is missing`, [`get ${text}`]);
  };

  it('fails before any stage starts and leaves no record', async () => {
    const store = newStore();
    const { stages, runs } = chain({ pack: { preflight: missing('the data set') } });
    await expect(run(store, stages)).rejects.toThrow('the data set is missing');
    expect(runs).toEqual([]);
    await expect(readdir(join(store.root, 'runs'))).rejects.toThrow('ENOENT');
  });

  it('tells everything that is missing at once', async () => {
    const { stages } = chain({
      learn: { preflight: missing('the data set') },
      pack: { preflight: missing('the tool') },
    });
    await expect(run(newStore(), stages)).rejects.toMatchObject({
      message: 'the data set is missing\nthe tool is missing',
      next: ['get the data set', 'get the tool'],
    });
  });

  it('does not ask stages that are cached, skipped or not asked for', async () => {
    const store = newStore();
    await run(store, chain().stages, { until: 'draw' });
    const { stages } = chain({
      draw: { preflight: missing('draw') },
      learn: { preflight: missing('learn'), skip: () => 'no need' },
      pack: { preflight: missing('pack') },
    });
    expect((await run(store, stages, { until: 'learn' })).status).toBe('finished');
  });
});

describe('an aborted run', () => {
  it('is recorded as interrupted and goes on where it was', async () => {
    const store = newStore();
    const controller = new AbortController();
    const { stages, runs } = chain({
      learn: {
        run: async ({ signal, scratch }) => {
          if ((await readdir(scratch)).length > 0) return {};
          await writeFile(join(scratch, 'checkpoint'), '1');
          controller.abort();
          throw signal.reason;
        },
      },
    });
    const first = await run(store, stages, { signal: controller.signal });
    expect(first).toMatchObject({
      status: 'interrupted',
      error: { kind: 'interrupted', exitCode: 130, message: 'interrupted at learn' },
    });
    expect(summary(first)).toEqual(['draw finished', 'learn interrupted', 'pack waiting']);

    expect((await run(store, stages)).status).toBe('finished');
    expect(runs).toEqual(['draw', 'learn', 'learn', 'pack']);
  });

  it('keeps the artifact of a stage that finishes all the same, and starts no other', async () => {
    const store = newStore();
    const controller = new AbortController();
    const { stages, runs } = chain({
      draw: {
        run: async () => {
          controller.abort();
          return {};
        },
      },
    });
    const outcome = await run(store, stages, { signal: controller.signal });
    expect(summary(outcome)).toEqual(['draw finished', 'learn interrupted', 'pack waiting']);
    expect(runs).toEqual(['draw']);
  });
});

describe('the store', () => {
  it('holds the files and an account of how they were made', async () => {
    const store = newStore();
    const { run: record } = await run(store, chain().stages);
    const learn = record.stages[1];
    const folder = artifactFolder(store, 'learn', learn?.fingerprint ?? '');
    expect(await readFile(join(folder, 'learnt.txt'), 'utf8')).toMatch(/^[0-9a-f]{64} 4$/);
    expect(JSON.parse(await readFile(join(folder, 'artifact.json'), 'utf8'))).toMatchObject({
      stage: 'learn',
      version: 2,
      slice: { train: { epochs: 4 } },
      inputs: { draw: record.stages[0]?.digest },
      files: [{ path: 'learnt.txt', size: 66 }],
      digest: learn?.digest,
    });
  });

  it('keeps itself out of version control', async () => {
    const store = newStore();
    await run(store, chain().stages);
    expect(await readFile(join(store.root, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('that cannot be written is a clear message', async () => {
    const store = newStore();
    await writeFile(store.root, 'a file in its place');
    await expect(run(store, chain().stages, { spec })).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining('cannot write to the store'),
    });
  });
});
