import { readdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { planStages } from '../../src/pipeline/executor.js';
import { describeReason } from '../../src/pipeline/reasons.js';
import type { Stage } from '../../src/pipeline/stage.js';
import type { Range } from '../../src/pipeline/steps.js';
import { artifactFolder, type Store } from '../../src/pipeline/store.js';
import { planDocument, planText } from '../../src/report/progress-plan.js';
import type { Spec } from '../../src/spec/types.js';
import { Failure } from '../../src/util/failure.js';
import { chain, newStore, run, spec, withTrain } from './support.js';

/** `draw: cached`, `learn: train.epochs 4 -> 8`, ... with `*` where it may be reused. */
async function plan(store: Store, stages: readonly Stage[], range: Range & { spec?: Spec } = {}) {
  const planned = await planStages({ spec, ...range, store, stages });
  return planned.map((stage) =>
    stage.status === 'will-run'
      ? `${stage.name}: ${stage.reasons.map(describeReason).join('; ')}${stage.mayBeReused ? ' *' : ''}`
      : `${stage.name}: ${stage.status}`,
  );
}

describe('why a stage runs', () => {
  it('never run', async () => {
    expect(await plan(newStore(), chain().stages)).toEqual([
      'draw: never run',
      'learn: never run',
      'pack: never run',
    ]);
  });

  it('cached', async () => {
    const store = newStore();
    await run(store, chain().stages);
    expect(await plan(store, chain().stages)).toEqual([
      'draw: cached',
      'learn: cached',
      'pack: cached',
    ]);
  });

  it('a field of the spec changed, and what that brings about', async () => {
    const store = newStore();
    const { stages } = chain();
    await run(store, stages);
    expect(await plan(store, stages, { spec: withTrain({ epochs: 8 }) })).toEqual([
      'draw: cached',
      'learn: train.epochs 4 -> 8',
      'pack: needs learn, which will run *',
    ]);
  });

  it('several fields changed, nested, listed and unset ones', async () => {
    const store = newStore();
    const before = chain({
      draw: {
        reads: ({ train }) => ({ train, layers: [1, [2]], old: 'a' }),
        run: async () => ({}),
      },
    });
    await run(store, before.stages);
    const after = chain({
      draw: { reads: ({ train }) => ({ train, layers: [1, [3]], young: true }) },
    });
    const planned = await plan(store, after.stages, {
      spec: withTrain({ epochs: 5, threads: 2 }),
      until: 'draw',
    });
    expect(planned[0]).toBe(
      'draw: layers [1,[2]] -> [1,[3]]; old a -> unset; train.epochs 4 -> 5; train.threads null -> 2; ' +
        'young unset -> true',
    );
  });

  it('the stage or its environment changed', async () => {
    const store = newStore();
    const before = chain({ learn: { version: 2, environment: () => ({ threads: 2 }) } });
    await run(store, before.stages);
    const after = chain({ learn: { version: 3, environment: async () => ({ threads: 4 }) } });
    expect((await plan(store, after.stages))[1]).toBe(
      'learn: stage version 2 -> 3; environment.threads 2 -> 4',
    );
  });

  it('an input changed since', async () => {
    const store = newStore();
    const { stages } = chain();
    await run(store, stages);
    await run(store, stages, { spec: { ...spec, seed: 2 }, until: 'draw' });
    expect(await plan(store, stages, { spec: { ...spec, seed: 2 } })).toEqual([
      'draw: cached',
      'learn: input draw changed',
      'pack: needs learn, which will run *',
    ]);
  });

  it('forced, within the range', async () => {
    const store = newStore();
    const { stages } = chain();
    await run(store, stages);
    expect(await plan(store, stages, { from: 'learn', until: 'learn', force: true })).toEqual([
      'draw: cached',
      'learn: forced',
      'pack: not-asked',
    ]);
  });

  it('its artifact was removed', async () => {
    const store = newStore();
    const { stages } = chain();
    const { run: record } = await run(store, stages);
    const fingerprint = record.stages[0]?.fingerprint ?? '';
    await rm(artifactFolder(store, 'draw', fingerprint), { recursive: true });
    expect((await plan(store, stages))[0]).toBe('draw: artifact removed');
  });

  it('is told against the last run of the same name, not the last run', async () => {
    const store = newStore();
    const { stages } = chain();
    await run(store, stages, { spec: withTrain({ epochs: 4 }) });
    await run(store, stages, { spec: { ...withTrain({ epochs: 6 }), name: 'other' } });
    const planned = await plan(store, stages, { spec: withTrain({ epochs: 8 }) });
    expect(planned[1]).toBe('learn: train.epochs 4 -> 8');
    const stranger = await plan(store, stages, {
      spec: { ...withTrain({ epochs: 8 }), name: 'stranger' },
    });
    expect(stranger[1]).toBe('learn: train.epochs 6 -> 8');
  });

  it('skipped for a reason', async () => {
    const { stages } = chain({
      pack: { skip: ({ device }) => `device.target is ${device.target}` },
    });
    const planned = await planStages({ spec, store: newStore(), stages });
    expect(planned[2]).toEqual({ name: 'pack', status: 'skipped', reason: 'device.target is cpu' });
  });

  it('is the reason that the run then gives', async () => {
    const store = newStore();
    const { stages } = chain();
    await run(store, stages);
    const { events } = await run(store, stages, { spec: withTrain({ epochs: 8 }) });
    expect(events.filter((event) => event.type === 'stage-started')).toEqual([
      { type: 'stage-started', stage: 'learn', because: ['train.epochs 4 -> 8'] },
      { type: 'stage-started', stage: 'pack', because: ['input learn changed'] },
    ]);
  });
});

describe('a plan', () => {
  it('changes nothing in the store', async () => {
    const store = newStore();
    await plan(store, chain().stages);
    await expect(readdir(store.root)).rejects.toThrow('ENOENT');
  });

  it('does not ask what lies outside the range', async () => {
    const never = () => {
      throw new Error('asked');
    };
    const { stages } = chain({ pack: { reads: never, environment: never } });
    expect(await plan(newStore(), stages, { until: 'learn' })).toEqual([
      'draw: never run',
      'learn: never run',
      'pack: not-asked',
    ]);
  });

  it('reads well', async () => {
    const store = newStore();
    const { stages } = chain({ pack: { skip: () => 'no need' } });
    await run(store, stages);
    const planned = await planStages({ spec: withTrain({ epochs: 8 }), store, stages });
    const text = planText(planned, (field) => (field === 'train.epochs' ? 'a.yaml:3:5' : null), [
      new Failure('input', 'no data', ['get data']),
    ]);
    expect(text.replace(/made .*/, 'made ...')).toBe(
      [
        'draw   cached     made ...',
        'learn  will run   train.epochs 4 -> 8 (a.yaml:3:5)',
        'pack   skipped    no need',
        '',
        'would fail: no data',
        'next: get data',
      ].join('\n'),
    );
    expect(planDocument(planned, [])).toMatchObject({
      stages: [
        { name: 'draw', status: 'cached' },
        {
          name: 'learn',
          status: 'will-run',
          because: [{ kind: 'changed', field: 'train.epochs', from: 4, to: 8 }],
        },
        { name: 'pack', status: 'skipped' },
      ],
    });
  });

  it('refuses stages that are listed out of order', async () => {
    const stages = chain().stages.toReversed();
    await expect(plan(newStore(), stages)).rejects.toThrow('pack is listed before learn');
  });
});
