import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planStages } from '../../src/pipeline/executor.js';
import { describeReason } from '../../src/pipeline/reasons.js';
import type { Stage, StageOf } from '../../src/pipeline/stage.js';
import type { Range } from '../../src/pipeline/steps.js';
import type { Store } from '../../src/pipeline/store.js';
import type { Spec } from '../../src/spec/types.js';
import { Failure } from '../../src/util/failure.js';
import { chain, newStore, run, spec, summary, withTrain } from './support.js';

const teacher: Spec = { ...withTrain({ epochs: 2 }), name: 'teacher', seed: 5 };

/** draw -> learn -> pack, where `learn` also reads what `borrows` says. */
function borrowing(
  borrows: (spec: Spec) => Readonly<Record<string, StageOf>>,
  changes: Partial<Stage> = {},
) {
  return chain({
    learn: {
      borrows,
      async run({ spec, out, inputs }) {
        const { epochs } = (spec as Pick<Spec, 'train'>).train;
        const read = Object.entries(inputs).map(([name, input]) => `${name} ${input?.digest}`);
        await writeFile(join(out, 'learnt.txt'), [...read, Math.min(epochs, 10)].join('\n'));
        return {};
      },
      ...changes,
    },
  });
}

/** Whatever is not called a teacher learns from `from`. */
const from =
  (from: Spec) =>
  ({ name }: Spec) =>
    name === from.name ? {} : { teacher: { spec: from, stage: 'learn' } };

async function plan(store: Store, stages: readonly Stage[], of: Spec = spec, range: Range = {}) {
  const planned = await planStages({ spec: of, stages, store, ...range });
  return planned.map((stage) =>
    stage.status === 'will-run'
      ? `${stage.name}: ${stage.reasons.map(describeReason).join('; ')}`
      : `${stage.name}: ${stage.status}`,
  );
}

describe('a stage that borrows from another spec', () => {
  it('has that made first, as stages of the run, and everything reused the next time', async () => {
    const store = newStore();
    const { stages, runs } = borrowing(from(teacher));
    expect(await plan(store, stages)).toEqual([
      'draw: never run',
      'teacher/draw: never run',
      'teacher/learn: never run',
      'learn: never run',
      'pack: never run',
    ]);
    const outcome = await run(store, stages);
    expect(summary(outcome)).toEqual([
      'draw finished',
      'teacher/draw finished',
      'teacher/learn finished',
      'learn finished',
      'pack finished',
    ]);
    const told = outcome.events.find((event) => event.type === 'run-started');
    expect(told).toMatchObject({
      stages: ['draw', 'teacher/draw', 'teacher/learn', 'learn', 'pack'],
    });
    expect(runs).toEqual(['draw', 'draw', 'learn', 'learn', 'pack']);
    expect(summary(await run(store, stages)).every((text) => text.endsWith('cached'))).toBe(true);
  });

  it('shares artifacts with a run of that spec by itself, whichever comes first', async () => {
    const [store, other] = [newStore(), newStore()];
    const { stages } = borrowing(from(teacher));
    await run(store, stages, { spec: teacher });
    const borrowed = summary(await run(store, stages)).filter((text) => text.startsWith('teacher'));
    expect(borrowed).toEqual(['teacher/draw cached', 'teacher/learn cached']);
    await run(other, stages);
    expect(summary(await run(other, stages, { spec: teacher })).slice(0, 2)).toEqual([
      'draw cached',
      'learn cached',
    ]);
  });

  it('runs again when what it borrowed holds other bytes, not when it is only made anew', async () => {
    const store = newStore();
    const longer = (epochs: number) => ({ ...teacher, train: { ...teacher.train, epochs } });
    await run(store, borrowing(from(longer(10))).stages);
    const same = borrowing(from(longer(11)));
    expect(await plan(store, same.stages)).toEqual([
      'draw: cached',
      'teacher/draw: cached',
      'teacher/learn: train.epochs 10 -> 11',
      'learn: needs teacher, which will run',
      'pack: needs learn, which will run',
    ]);
    expect(summary(await run(store, same.stages)).slice(2)).toEqual([
      'teacher/learn finished',
      'learn cached',
      'pack cached',
    ]);
    const { events } = await run(store, borrowing(from(longer(3))).stages);
    expect(events).toContainEqual({
      type: 'stage-started',
      stage: 'learn',
      because: ['input teacher changed'],
    });
  });

  it('may borrow from a spec that itself borrows: a chain', async () => {
    const master: Spec = { ...teacher, name: 'master', seed: 6 };
    const { stages } = borrowing(({ name }): Record<string, StageOf> => {
      if (name === 'master') return {};
      const lender = name === 'teacher' ? master : teacher;
      return { teacher: { spec: lender, stage: 'learn' } };
    });
    expect(await plan(newStore(), stages)).toEqual([
      'draw: never run',
      'teacher/draw: never run',
      'teacher/teacher/draw: never run',
      'teacher/teacher/learn: never run',
      'teacher/learn: never run',
      'learn: never run',
      'pack: never run',
    ]);
  });

  it('makes what several borrow once, named by the shortest way to it', async () => {
    const twin: Spec = { ...spec, name: 'twin', seed: 9 };
    const { stages, runs } = borrowing(({ name }): Record<string, StageOf> => {
      if (name === 'teacher') return {};
      const always = { teacher: { spec: teacher, stage: 'learn' } };
      return name === 'twin' ? always : { twin: { spec: twin, stage: 'learn' }, ...always };
    });
    const outcome = await run(newStore(), stages);
    expect(outcome.run.stages.map(({ name }) => name)).toEqual([
      'draw',
      'twin/draw',
      'teacher/draw',
      'teacher/learn',
      'twin/learn',
      'learn',
      'pack',
    ]);
    expect(runs.filter((name) => name === 'learn')).toHaveLength(3);
  });

  it('may borrow from a stage of its own spec', async () => {
    const { stages } = chain({
      pack: { needs: [], borrows: (of) => ({ drawn: { spec: of, stage: 'draw' } }) },
    });
    const store = newStore();
    const { run: record } = await run(store, stages);
    expect(record.stages.map(({ name }) => name)).toEqual(['draw', 'learn', 'pack']);
    expect(await plan(store, stages, { ...spec, seed: 2 })).toContain(
      'pack: needs drawn, which will run',
    );
  });

  it('borrows nothing outside the range, and what it borrows is not forced', async () => {
    const store = newStore();
    const { stages, runs } = borrowing(from(teacher));
    expect(await plan(store, stages, spec, { until: 'draw' })).toEqual([
      'draw: never run',
      'learn: not-asked',
      'pack: not-asked',
    ]);
    await run(store, stages, { until: 'draw' });
    await run(store, stages, { from: 'learn' });
    runs.length = 0;
    await run(store, stages, { from: 'learn', until: 'learn', force: true });
    expect(runs).toEqual(['learn']);
  });

  it('refuses to begin behind it when what it borrowed is gone', async () => {
    const store = newStore();
    const { stages } = borrowing(from(teacher));
    const failure = run(store, stages, { from: 'pack' });
    await expect(failure).rejects.toThrow(/--from pack does not run draw/);
  });

  it('looks ahead for what it borrows', async () => {
    const { stages, runs } = borrowing(from(teacher), {
      preflight({ name }) {
        if (name === 'teacher') throw new Failure('input', 'the teacher has no data');
      },
    });
    await expect(run(newStore(), stages)).rejects.toThrow('the teacher has no data');
    expect(runs).toEqual([]);
  });

  it('tells reasons against the last run of the spec that it borrows from', async () => {
    const store = newStore();
    await run(store, borrowing(from(teacher)).stages);
    const longer = { ...teacher, train: { ...teacher.train, epochs: 7 } };
    await run(store, borrowing(() => ({})).stages, { spec: withTrain({ epochs: 9 }) });
    const planned = await plan(store, borrowing(from(longer)).stages);
    expect(planned[2]).toBe('teacher/learn: train.epochs 2 -> 7');
    expect(await plan(store, borrowing(() => ({})).stages, longer)).toContain(
      'learn: train.epochs 2 -> 7',
    );
  });
});
