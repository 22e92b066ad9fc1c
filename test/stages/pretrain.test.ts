import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/model/safetensors.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import type { Spec } from '../../src/spec/types.js';
import { pretrain } from '../../src/stages/pretrain.js';
import { refine } from '../../src/stages/refine.js';
import { sample } from '../../src/stages/sample.js';
import { spec as base } from '../pipeline/support.js';
import { decodeBinary } from '../support/binary.js';
import { plainRefinement, plainTraining } from '../support/training.js';
import { newFolders, runStage } from './support.js';

const spec: BinarySpec = {
  name: 'two-steps',
  seed: 1,
  data: { ...base.data, set: 'mnist', path: null, limit: { train: 512, test: 16 } },
  architecture: {
    family: 'bireal',
    stages: [1, 1],
    width: 8,
    stem: { kernel: 3, stride: 2, pool: false },
  },
  quantize: {
    tau: 5,
    binarize: 'weights+activations',
    subset: { structure: 'free', sampling: 'uniform' },
    refine: { ...plainRefinement, period: 2 },
  },
  train: {
    ...plainTraining,
    epochs: 1,
    batch: 32,
    threads: 2,
    pretrain: { epochs: 2, learningRate: 0.02, schedule: 'linear', warmup: 0, weightDecay: 1e-5 },
  },
  engine: 'wasm',
  device: { target: 'cpu', tools: 'npm', seed: 1 },
  verify: { images: 10 },
};

const file = (folder: string, name: string) => readFileSync(join(folder, name));

async function made(stage: typeof sample, of = spec) {
  const folders = newFolders();
  const found = await runStage(stage, of, folders);
  return { ...found, ...folders, input: { path: folders.out, digest: 'any', metrics: {} } };
}

describe('a pretrain stage', () => {
  test('learns with real weights, and refine starts where it has ended', async () => {
    const pretrained = await made(pretrain);
    const history: { loss: number }[] = JSON.parse(file(pretrained.out, 'history.json').toString());
    expect(history).toHaveLength(2);
    expect(history[1].loss).toBeLessThan(history[0].loss - 0.15);
    expect(pretrained.metrics['training accuracy'].value).toBeGreaterThan(25);

    // At next to no learning rate, refine hands on what it was given.
    const still = { ...spec, train: { ...spec.train, learningRate: 1e-12 } };
    const folders = newFolders();
    const { input } = await made(sample);
    await runStage(refine, still, folders, { sample: input, pretrain: pretrained.input });
    const network = decodeBinary(file(folders.out, 'trained.safetensors'));
    const { tensors } = decodeSafetensors(file(pretrained.out, 'pretrained.safetensors'));
    const bias = tensors.get('classifier.bias')?.values ?? [];
    expect(bias).toHaveLength(10);
    expect([...network.classifier.bias]).toEqual([...bias]);
    network.shape.blocks.forEach(({ name, conv }, i) => {
      const latents = [...(tensors.get(`${name}.latent`)?.values ?? [])];
      const perChannel = conv.input.channels * 9;
      network.blocks[i].conv.alpha.forEach((alpha, o) => {
        const own = latents.slice(o * perChannel, (o + 1) * perChannel);
        const mean = own.reduce((sum, w) => sum + Math.abs(w), 0) / perChannel;
        expect(alpha).toBeCloseTo(mean, 5);
      });
    });
  });

  test('stopped and run again gives the same bytes', async () => {
    const whole = await made(pretrain);
    const folders = newFolders();
    const interrupt = new AbortController();
    const running = runStage(pretrain, spec, folders, {}, interrupt.signal, (event) => {
      if (event.type === 'training' && event.epoch === 2) interrupt.abort(new Error('stop'));
    });
    await expect(running).rejects.toThrow('stop');
    await runStage(pretrain, spec, folders);
    const name = 'pretrained.safetensors';
    expect(Buffer.compare(file(folders.out, name), file(whole.out, name))).toBe(0);
  });

  test('is shared by whatever differs in bits, subsets or the second step alone', async () => {
    const slice = async (changes: Partial<Spec>) =>
      JSON.stringify(await pretrain.reads({ ...spec, ...changes }));
    const same = await slice({});
    const { quantize, train } = spec;
    expect(await slice({ quantize: { ...quantize, tau: 9, refine: false } })).toBe(same);
    const antipodal = { structure: 'antipodal', sampling: 'uniform' } as const;
    expect(await slice({ quantize: { ...quantize, subset: antipodal } })).toBe(same);
    expect(await slice({ train: { ...train, epochs: 9, learningRate: 1, weightDecay: 1 } })).toBe(
      same,
    );
    expect(await slice({ quantize: { ...quantize, binarize: 'weights' } })).not.toBe(same);
    expect(await slice({ train: { ...train, validation: 0.1 } })).not.toBe(same);
    expect(await slice({ train: { ...train, batch: 64 } })).not.toBe(same);
    expect(await slice({ seed: 2 })).not.toBe(same);
  });

  test('is left out unless it is asked for', async () => {
    expect(pretrain.skip?.(spec)).toBeNull();
    expect(pretrain.skip?.({ ...spec, train: plainTraining })).toContain('train.pretrain');
    expect(await refine.reads(spec)).not.toHaveProperty(['train', 'pretrain']);
  });
});
