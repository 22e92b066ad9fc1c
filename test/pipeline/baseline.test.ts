import { describe, expect, it } from 'vitest';
import { findBaseline, lastSubBitRun } from '../../src/pipeline/baseline.js';
import { defineStage } from '../../src/pipeline/stage.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import { twinOf } from '../../src/spec/twin.js';
import type { Spec } from '../../src/spec/types.js';
import { chain, newStore, run, spec } from './support.js';

/** Its result depends on tau, as does that of a real training. */
const quantized = defineStage({
  name: 'quantize',
  version: 1,
  needs: [],
  reads: ({ quantize }) => ({ quantize }),
  run: async () => ({}),
});
const stages = [quantized, ...chain().stages];

describe('the 1-bit twin', () => {
  it('is the spec with all 512 kernels and nothing else changed', () => {
    const antipodal: BinarySpec = {
      ...spec,
      quantize: { ...spec.quantize, subset: { structure: 'antipodal', sampling: 'uniform' } },
    };
    expect(twinOf(antipodal)).toEqual({
      ...spec,
      name: 'fixture-1bit',
      quantize: {
        ...spec.quantize,
        tau: 9,
        subset: { structure: 'free', sampling: 'uniform' },
        refine: false,
      },
    });
    expect(twinOf({ ...spec, name: 'x'.repeat(64) }).name).toMatch(/^x{59}-1bit$/);
  });
});

describe('findBaseline', () => {
  it('tells what the twin lacks, as far as the run got, and finds it once it has run', async () => {
    const store = newStore();
    const { run: record } = await run(store, stages, { until: 'learn' });
    const before = await findBaseline(record, stages, store);
    expect(before).toMatchObject({ until: 'learn', lacking: ['quantize'], run: null });

    const { run: twin } = await run(store, stages, { spec: before.spec, until: before.until });
    expect(await findBaseline(record, stages, store)).toMatchObject({ lacking: [], run: twin });
  });

  it('does not take the twin itself for the last run', async () => {
    const store = newStore();
    expect(await lastSubBitRun(store)).toBeNull();
    const { run: record } = await run(store, stages);
    await run(store, stages, { spec: twinOf(spec) });
    expect((await lastSubBitRun(store))?.id).toBe(record.id);
  });

  it('does not take a twin that got less far, nor one of other settings', async () => {
    const store = newStore();
    const { run: record } = await run(store, stages);
    const { run: short } = await run(store, stages, { spec: twinOf(spec), until: 'quantize' });
    const baseline = await findBaseline(record, stages, store);
    expect(baseline.lacking).toEqual([]);
    expect(baseline.run?.id).not.toBe(short.id);

    const longer = { ...spec, train: { ...spec.train, epochs: 9 } };
    const { run: other } = await run(store, stages, { spec: longer });
    expect((await findBaseline(other, stages, store)).run).toBeNull();
  });

  it('takes no real-valued run for a sub-bit one', async () => {
    const store = newStore();
    const real: Spec = { ...spec, quantize: { binarize: 'none' } };
    const { run: record } = await run(store, stages, { spec: real });
    expect(await lastSubBitRun(store)).toBeNull();
    await expect(findBaseline(record, stages, store)).rejects.toThrow('has no 1-bit twin');
  });

  it('refuses a 1-bit run and a run without a finished stage', async () => {
    const store = newStore();
    const { run: twin } = await run(store, stages, { spec: twinOf(spec) });
    await expect(findBaseline(twin, stages, store)).rejects.toThrow('its own baseline');
    const nothing = { ...twin, spec, stages: [] };
    await expect(findBaseline(nothing, stages, store)).rejects.toThrow('finished no stage');
  });
});
