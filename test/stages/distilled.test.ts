import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { latentsOf } from '../../src/nn/pretrained.js';
import { executeRun } from '../../src/pipeline/executor.js';
import { openStore, type Store } from '../../src/pipeline/store.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import type { Spec } from '../../src/spec/types.js';
import { stages } from '../../src/stages/index.js';
import { pretrain } from '../../src/stages/pretrain.js';
import { refine } from '../../src/stages/refine.js';
import { sample } from '../../src/stages/sample.js';
import { decodeSubsets } from '../../src/subbit/subset-file.js';
import { spec as base } from '../pipeline/support.js';
import { decodeBinary } from '../support/binary.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';
import { plainTraining } from '../support/training.js';
import { newFolders, runStage } from './support.js';

const train = { ...plainTraining, batch: 32, learningRate: 0.02, threads: 2 };
const network = { ...base, data: { ...base.data, limit: { train: 256, test: 16 } } };
const small = { ...network, architecture: { ...base.architecture, stages: [1, 1], width: 4 } };
const teacher: Spec = {
  ...network,
  name: 'teacher',
  architecture: { ...base.architecture, stages: [1, 1], width: 8 },
  quantize: { binarize: 'none' },
  train: { ...train, epochs: 3 },
};
const student: BinarySpec = {
  ...small,
  name: 'student',
  data: { ...small.data, augment: { flip: false, shift: 2, crop: 1 } },
  quantize: { ...base.quantize, tau: 3 },
  train: { ...train, epochs: 2, distill: { teacher, weight: 0.8, temperature: 2 } },
};
const pretrained: BinarySpec = {
  ...student,
  train: {
    ...student.train,
    epochs: 1,
    pretrain: { epochs: 2, learningRate: 0.02, schedule: 'linear', warmup: 0, weightDecay: 1e-5 },
  },
};

const newStore = () => openStore(join(temporaryFolder(), 'store'));

/** Trains a spec, interrupted where `stop` says so. */
async function trained(
  store: Store,
  spec: Spec,
  stop: { readonly stage: string; readonly epoch: number } | null = null,
) {
  const interrupt = new AbortController();
  const outcome = await executeRun({
    spec,
    specFile: null,
    stages,
    store,
    tool: 'test',
    until: 'refine',
    signal: interrupt.signal,
    listen(event) {
      if (event.type !== 'stage-event' || event.stage !== stop?.stage) return;
      if (event.event.type === 'training' && event.event.epoch === stop.epoch) interrupt.abort();
    },
  });
  const artifact = (name: string) => {
    const stage = outcome.run.stages.find((candidate) => candidate.name === name);
    const folder = join(store.root, 'artifacts', stage?.of?.stage ?? name);
    return {
      digest: stage?.digest,
      file: (file: string) => readFileSync(join(folder, stage?.fingerprint ?? '', file)),
    };
  };
  const did = outcome.run.stages.flatMap(({ name, status, cached }) =>
    status === 'finished' ? `${name}${cached ? ' cached' : ''}` : [],
  );
  return { status: outcome.status, did, artifact };
}

describe('distillation', () => {
  test('trains the teacher first, then the student, and is byte for byte the same behind kills', async () => {
    const whole = await trained(newStore(), student);
    expect(whole.did).toEqual(['sample', 'teacher/refine', 'refine']);

    const store = newStore();
    const killed = await trained(store, student, { stage: 'teacher/refine', epoch: 2 });
    expect(killed).toMatchObject({ status: 'interrupted', did: ['sample'] });
    const again = await trained(store, student, { stage: 'refine', epoch: 2 });
    expect(again.did).toEqual(['sample cached', 'teacher/refine']);
    const last = await trained(store, student);
    expect(last.did).toEqual(['sample cached', 'teacher/refine cached', 'refine']);
    for (const stage of ['teacher/refine', 'refine']) {
      expect(last.artifact(stage).digest, stage).toBe(whole.artifact(stage).digest);
    }
  });

  test('is another training than that by labels alone, and than that by another teacher', async () => {
    const store = newStore();
    const alone = { ...student, train: { ...student.train, distill: null } };
    const other = { ...teacher, seed: 9 };
    const distill = { teacher: other, weight: 0.8, temperature: 2 };
    const otherwise = { ...student, train: { ...student.train, distill } };
    const digests = new Set<string | null | undefined>();
    for (const spec of [student, alone, otherwise]) {
      digests.add((await trained(store, spec)).artifact('refine').digest);
    }
    expect(digests.size).toBe(3);
  });

  test('holds for the first step too, and the first step is stopped and goes on alike', async () => {
    const whole = await trained(newStore(), pretrained);
    expect(whole.did).toEqual(['teacher/refine', 'pretrain', 'sample', 'refine']);
    const store = newStore();
    await trained(store, pretrained, { stage: 'pretrain', epoch: 2 });
    const last = await trained(store, pretrained);
    expect(last.artifact('pretrain').digest).toBe(whole.artifact('pretrain').digest);
    expect(last.artifact('refine').digest).toBe(whole.artifact('refine').digest);
  });

  test("is read as weight and temperature: the teacher's own spec is no part of what is read", async () => {
    for (const stage of [refine, pretrain]) {
      expect(await stage.reads(student)).toMatchObject({
        train: { distill: { weight: 0.8, temperature: 2 } },
      });
      expect(JSON.stringify(await stage.reads(student))).not.toContain('teacher');
      expect(stage.borrows?.(student)).toEqual({ teacher: { spec: teacher, stage: 'refine' } });
    }
  });

  test('refuses a teacher of other classes', async () => {
    const garments = { ...teacher, data: { ...teacher.data, set: 'fashion-mnist' } } as const;
    const folders = newFolders();
    const { out } = folders;
    await runStage(refine, teacher, folders);
    const stranger = { ...student, data: garments.data };
    const sampled = newFolders();
    await runStage(sample, student, sampled);
    const input = (path: string) => ({ path, digest: 'any', metrics: {} });
    const inputs = { sample: input(sampled.out), teacher: input(out) };
    const failure = await failureOf(() => runStage(refine, stranger, newFolders(), inputs));
    expect(failure.message).toContain('other images or other classes');
  });
});

describe('subsets of the most frequent kernels', () => {
  const frequent = (spec: BinarySpec): BinarySpec => ({
    ...spec,
    quantize: { ...spec.quantize, subset: { structure: 'free', sampling: 'frequency' } },
    train: { ...spec.train, distill: null },
  });

  /** The 8 kernels with the most uses, the lower code first. */
  function mostUsed(codes: readonly number[]): number[] {
    const uses = new Array<number>(512).fill(0);
    for (const code of codes) uses[code]++;
    const order = uses.map((_, code) => code).sort((a, b) => uses[b] - uses[a] || a - b);
    return order.slice(0, 8).sort((a, b) => a - b);
  }

  test('are those that the pretrained latents want', async () => {
    const { did, artifact } = await trained(newStore(), frequent(pretrained));
    expect(did).toEqual(['pretrain', 'sample', 'refine']);
    const latents = latentsOf(artifact('pretrain').file('pretrained.safetensors'));
    const subsets = decodeSubsets(artifact('sample').file('subsets.json').toString());
    expect([...subsets.keys()]).toEqual([...latents.keys()]);
    for (const [block, { representatives }] of subsets) {
      const values = latents.get(block) ?? [];
      const codes = Array.from({ length: values.length / 9 }, (_, kernel) =>
        [...values.slice(9 * kernel, 9 * kernel + 9)].reduce(
          (code, value, j) => code + (value >= 0 ? 2 ** j : 0),
          0,
        ),
      );
      expect([...representatives], block).toEqual(mostUsed(codes));
    }
  });

  test('are, without pretraining, those that the 1-bit twin uses', async () => {
    const store = newStore();
    const spec = frequent(student);
    const { did, artifact } = await trained(store, spec);
    expect(did).toEqual(['twin/sample', 'twin/refine', 'sample', 'refine']);
    const twin = decodeBinary(artifact('twin/refine').file('trained.safetensors'));
    const subsets = decodeSubsets(artifact('sample').file('subsets.json').toString());
    twin.blocks.forEach(({ conv }, i) => {
      expect(conv.tau).toBe(9);
      const codes = Array.from(conv.indices, (index) => conv.members[index]);
      const { representatives } = subsets.get(twin.shape.blocks[i].name) ?? {};
      expect([...(representatives ?? [])]).toEqual(mostUsed(codes));
    });
    const wider = { ...spec, quantize: { ...spec.quantize, tau: 4 } };
    expect((await trained(store, wider)).did).toEqual([
      'twin/sample cached',
      'twin/refine cached',
      'sample',
      'refine',
    ]);
  });

  test('borrow nothing where they are drawn, or where all 512 kernels are taken', () => {
    expect(sample.borrows?.(student)).toEqual({});
    const whole = frequent(student);
    expect(sample.borrows?.({ ...whole, quantize: { ...whole.quantize, tau: 9 } })).toEqual({});
  });
});
