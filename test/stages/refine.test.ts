import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSplit } from '../../src/data/load.js';
import { allOf, imagesOf, memorySource } from '../../src/data/source.js';
import { startFloatClassifier } from '../../src/engine/infer.js';
import { decodeModel } from '../../src/model/container/read.js';
import { divide } from '../../src/nn/validation.js';
import type { StageEvent } from '../../src/pipeline/events.js';
import type { Stage, StageContext } from '../../src/pipeline/stage.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import type { Spec } from '../../src/spec/types.js';
import { pack } from '../../src/stages/pack.js';
import { refine } from '../../src/stages/refine.js';
import { sample } from '../../src/stages/sample.js';
import { membersOf } from '../../src/subbit/subset.js';
import { decodeSubsets } from '../../src/subbit/subset-file.js';
import { decodeBinary } from '../support/binary.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';
import { writeIdxFolder } from '../support/idx.js';
import { plainRefinement, plainTraining } from '../support/training.js';

const spec: BinarySpec = {
  name: 'short',
  seed: 1,
  data: {
    set: 'mnist',
    path: null,
    limit: { train: 512, test: 16 },
    augment: { flip: false, shift: 0, crop: 1 },
  },
  architecture: {
    family: 'bireal',
    stages: [1, 1],
    width: 8,
    stem: { kernel: 3, stride: 2, pool: false },
  },
  quantize: {
    tau: 5,
    binarize: 'weights+activations',
    subset: { structure: 'antipodal', sampling: 'uniform' },
    refine: { ...plainRefinement, period: 2 },
  },
  train: { ...plainTraining, epochs: 2, batch: 64, threads: 2 },
  engine: 'wasm',
  device: { target: 'cpu', tools: 'npm', seed: 1 },
  verify: { images: 10 },
};

interface Folders {
  readonly out: string;
  readonly scratch: string;
}

/** Empty folders of one stage, as the pipeline hands them over. */
function newFolders(): Folders {
  const folder = temporaryFolder();
  const folders = { out: join(folder, 'out'), scratch: join(folder, 'scratch') };
  for (const path of Object.values(folders)) mkdirSync(path);
  return folders;
}

async function run(
  stage: Stage,
  { out, scratch }: Folders,
  context: Partial<StageContext<unknown>> & { readonly of?: Spec } = {},
) {
  const events: StageEvent[] = [];
  const metrics = await stage.run({
    spec: await stage.reads(context.of ?? spec),
    inputs: {},
    out,
    scratch,
    signal: new AbortController().signal,
    ...context,
    emit(event) {
      events.push(event);
      context.emit?.(event);
    },
  });
  return { metrics, events };
}

async function sampled(of = spec) {
  const folders = newFolders();
  await run(sample, folders, { of });
  return { sample: { path: folders.out, digest: 'of no meaning here', metrics: {} } };
}

function failed(name: string): never {
  throw new Error(`nothing was sampled for ${name}`);
}

const file = (folder: string, name: string) => readFileSync(join(folder, name));

describe('a refine stage', () => {
  test('leaves a trained network, its history and its figures', async () => {
    const folders = newFolders();
    const { metrics, events } = await run(refine, folders, { inputs: await sampled() });

    const network = decodeBinary(file(folders.out, 'trained.safetensors'));
    expect(network.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(network.shape.blocks.map(({ name }) => name)).toEqual([
      'stage0.block0',
      'stage1.block0',
    ]);
    for (const { conv } of network.blocks) {
      expect(conv).toMatchObject({ tau: 5, structure: 'antipodal' });
      expect(new Set(conv.members).size).toBe(32);
      conv.members.forEach((code) => {
        expect([...conv.members]).toContain(511 - code);
      });
    }

    const history = JSON.parse(file(folders.out, 'history.json').toString());
    expect(history).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
    expect(history[1].loss).toBeLessThan(history[0].loss);
    expect(metrics['training loss']).toMatchObject({ value: history[1].loss, unit: 'nats' });
    const progress = events.filter((event) => event.type === 'training');
    expect(progress.map(({ epoch, image }) => [epoch, image])).toEqual(
      [1, 2].flatMap((epoch) => [64, 128, 192, 256, 320, 384, 448, 512].map((n) => [epoch, n])),
    );
  });

  test('records what each epoch did to the subset of each layer', async () => {
    const folders = newFolders();
    const inputs = await sampled();
    await run(refine, folders, { inputs });
    const epochs = JSON.parse(file(folders.out, 'subsets.json').toString());
    const network = decodeBinary(file(folders.out, 'trained.safetensors'));
    const start = decodeSubsets(file(inputs.sample.path, 'subsets.json').toString());
    expect(epochs).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
    network.shape.blocks.forEach(({ name }, i) => {
      const { members, indices } = network.blocks[i].conv;
      const last = epochs[1].layers[i];
      expect(last).toMatchObject({ layer: name, tau: 5, structure: 'antipodal' });
      expect(last.use).toEqual(
        Array.from(members, (_, member) => indices.filter((index) => index === member).length),
      );
      const first = [...membersOf(start.get(name) ?? failed(name))];
      expect(last.drifted).toBe([...members].filter((code) => !first.includes(code)).length);
    });
    const flipped = epochs.flatMap(({ layers }: { layers: { flipped: number }[] }) =>
      layers.map((layer) => layer.flipped),
    );
    expect(Math.max(...flipped)).toBeGreaterThan(0);
  });

  test('trains layers of different tau, and packs each with its own', async () => {
    const tau = { 'stage0.block0': 9, 'stage1.block0': 3 };
    const of = { ...spec, quantize: { ...spec.quantize, tau } } as const;
    const folders = newFolders();
    await run(refine, folders, { of, inputs: await sampled(of) });
    const network = decodeBinary(file(folders.out, 'trained.safetensors'));
    expect(network.blocks.map(({ conv }) => conv.tau)).toEqual([9, 3]);
    const packed = newFolders();
    const inputs = { refine: { path: folders.out, digest: 'of no meaning here', metrics: {} } };
    await run(pack, packed, { of, inputs });
    const model = decodeModel(file(packed.out, 'model.snn'), 'model.snn');
    expect(model.blocks.map(({ conv }) => conv.tau)).toEqual([9, 3]);
    expect(model.blocks.map(({ conv }) => conv.members.length)).toEqual([512, 8]);
  });

  test('with refine: false keeps the sampled members exactly', async () => {
    const of = { ...spec, quantize: { ...spec.quantize, refine: false } } as const;
    const folders = newFolders();
    const inputs = await sampled(of);
    await run(refine, folders, { of, inputs });
    const network = decodeBinary(file(folders.out, 'trained.safetensors'));
    const start = decodeSubsets(file(inputs.sample.path, 'subsets.json').toString());
    network.shape.blocks.forEach(({ name }, i) => {
      expect(network.blocks[i].conv.members).toEqual(membersOf(start.get(name) ?? failed(name)));
    });
    for (const { layers } of JSON.parse(file(folders.out, 'subsets.json').toString())) {
      for (const layer of layers) {
        expect(layer).toMatchObject({ flipped: 0, replaced: 0, drifted: 0, distance: 0 });
      }
    }
  });

  test('stopped in its second epoch and run again gives the same bytes', async () => {
    const inputs = await sampled();
    const whole = newFolders();
    await run(refine, whole, { inputs });

    const stopped = newFolders();
    const interrupt = new AbortController();
    const reason = new Error('stopped by the test');
    const running = run(refine, stopped, {
      inputs,
      signal: interrupt.signal,
      emit(event) {
        if (event.type === 'training' && event.epoch === 2 && event.image === 128) {
          interrupt.abort(reason);
        }
      },
    });
    await expect(running).rejects.toBe(reason);

    const { events } = await run(refine, stopped, { inputs });
    expect(events).toContainEqual({ type: 'note', text: 'resuming behind epoch 1' });
    expect(events.some((event) => event.type === 'training' && event.epoch === 1)).toBe(false);
    for (const name of ['trained.safetensors', 'history.json', 'subsets.json']) {
      expect(Buffer.compare(file(stopped.out, name), file(whole.out, name)), name).toBe(0);
    }
  });

  describe('with validation images', () => {
    const train = {
      ...spec.train,
      epochs: 4,
      learningRate: 0.03,
      schedule: 'constant',
      optimizer: 'sgd',
      labelSmoothing: 0.1,
      warmup: 0.5,
      validation: 0.25,
      keep: 'best',
    } as const;
    const of = { ...spec, train };

    /** Percentage of the validation images that a written network classifies right. */
    async function accuracyOf(bytes: Uint8Array) {
      const source = await openSplit(of.data, 'train');
      const { validation } = divide(source.count, 0.25, of.seed);
      const count = validation.length;
      const classifier = startFloatClassifier(decodeBinary(bytes), 2);
      const { labels, pixels } = await imagesOf(source, validation);
      const set = memorySource({ shape: source.shape, count, pixels, labels });
      const logits = await classifier.logits(set.batch(allOf(set), null));
      await classifier.close();
      const right = labels.filter((label, i) => {
        const row = [...logits.subarray(10 * i, 10 * i + 10)];
        return row.indexOf(Math.max(...row)) === label;
      });
      return (100 * right.length) / count;
    }

    test('hands on the best epoch, the last beside it, also behind an interruption', async () => {
      const inputs = await sampled(of);
      const whole = newFolders();
      const { metrics, events } = await run(refine, whole, { of, inputs });
      const history: { epoch: number; validation: number }[] = JSON.parse(
        file(whole.out, 'history.json').toString(),
      );
      const found = history.map(({ validation }) => validation);
      const best = history[found.indexOf(Math.max(...found))];
      expect(best.epoch).toBeLessThan(4);
      expect(metrics['kept epoch'].value).toBe(best.epoch);
      expect(metrics['validation accuracy']).toEqual({
        value: 100 * best.validation,
        unit: '% of 128 images',
        kind: 'measured',
      });
      const kept = await accuracyOf(file(whole.out, 'trained.safetensors'));
      const last = await accuracyOf(file(whole.out, 'last.safetensors'));
      expect(kept).toBeCloseTo(100 * best.validation, 6);
      expect(last).toBeCloseTo(100 * history[3].validation, 6);
      const told = events.flatMap((event) => (event.type === 'training' ? [event] : []));
      expect(told.find(({ epoch }) => epoch === 1)).not.toHaveProperty('validation');
      expect(told.find(({ epoch }) => epoch === 3)).toMatchObject({ validation: found[1] });

      const stopped = newFolders();
      const interrupt = new AbortController();
      const running = run(refine, stopped, {
        of,
        inputs,
        signal: interrupt.signal,
        emit(event) {
          if (event.type === 'training' && event.epoch === 4) interrupt.abort(new Error('stop'));
        },
      });
      await expect(running).rejects.toThrow('stop');
      await run(refine, stopped, { of, inputs });
      for (const name of ['trained.safetensors', 'last.safetensors', 'history.json']) {
        expect(Buffer.compare(file(stopped.out, name), file(whole.out, name)), name).toBe(0);
      }
    });
  });

  test('declares all that changes its result, and no more', async () => {
    const slice = async (changes: Partial<Spec>) =>
      JSON.stringify(await refine.reads({ ...spec, ...changes }));
    const same = await slice({});
    expect(await slice({ name: 'other', device: { ...spec.device, seed: 2 } })).toBe(same);
    expect(await slice({ verify: { images: 3 } })).toBe(same);
    expect(await slice({ seed: 2 })).not.toBe(same);
    expect(await slice({ train: { ...spec.train, threads: 1 } })).not.toBe(same);
    expect(JSON.parse(same).engine).toEqual({ name: 'wasm', threads: spec.train.threads });
    expect(await slice({ train: { ...spec.train, epochs: 3 } })).not.toBe(same);
    expect(await slice({ quantize: { ...spec.quantize, refine: false } })).not.toBe(same);
    expect(await slice({ data: { ...spec.data, limit: { train: 511, test: 16 } } })).not.toBe(same);
  });
});

describe('a refine stage fails for the person at the keyboard', () => {
  test('before anything starts when the data set is not there', async () => {
    const data = { ...spec.data, path: temporaryFolder() };
    const failure = await failureOf(() => refine.preflight?.({ ...spec, data }));
    expect(failure.message).toContain(data.path);
  });

  test('when training diverges, at once and with the layer named', async () => {
    const train = { ...spec.train, optimizer: 'sgd', learningRate: 10 } as const;
    const of = { ...spec, train };
    const failure = await failureOf(async () =>
      run(refine, newFolders(), { of, inputs: await sampled(of) }),
    );
    expect(failure.message).toMatch(/diverged in epoch \d, step \d+: .*(stage\d|stem|classifier)/);
    expect(failure.next.join()).toContain('train.learningRate');
  });

  test('when a batch is larger than the training set', async () => {
    const path = writeIdxFolder(temporaryFolder(), { train: 12, test: 4 });
    const of = { ...spec, data: { ...spec.data, path } };
    const inputs = await sampled(of);
    const failure = await failureOf(() => run(refine, newFolders(), { of, inputs }));
    expect(failure.message).toContain('smaller than one batch');
    expect(failure.next.join()).toContain('train.batch');
  });
});

test('sampling follows the seed and the names of the blocks', async () => {
  const subsets = async (of: BinarySpec) => {
    const { sample } = await sampled(of);
    return file(sample.path, 'subsets.json').toString();
  };
  expect(await subsets(spec)).toBe(await subsets({ ...spec, train: { ...spec.train, epochs: 9 } }));
  expect(await subsets(spec)).not.toBe(await subsets({ ...spec, seed: 2 }));
});
