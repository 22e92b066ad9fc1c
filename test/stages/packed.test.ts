import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeModel, readModel } from '../../src/model/container/read.js';
import { birealNetwork, layOut } from '../../src/model/network.js';
import type { Activations, TrainedNetwork } from '../../src/model/trained.js';
import { encodeTrained } from '../../src/model/trained-file.js';
import type { StageEvent } from '../../src/pipeline/events.js';
import type { Stage } from '../../src/pipeline/stage.js';
import { createRuntime } from '../../src/runtime/index.js';
import type { BinarySpec } from '../../src/spec/binary.js';
import { specDigest } from '../../src/spec/digest.js';
import type { Spec } from '../../src/spec/types.js';
import { evaluate } from '../../src/stages/evaluate.js';
import { pack } from '../../src/stages/pack.js';
import { requireBitExact } from '../../src/stages/verify-packed.js';
import { Failure } from '../../src/util/failure.js';
import { sha256 } from '../../src/util/hash.js';
import { randomImages, randomModel, randomTrained } from '../model/networks.js';
import { plainTraining } from '../support/training.js';

const architecture = {
  family: 'bireal',
  stages: [1, 1],
  width: 8,
  stem: { kernel: 3, stride: 2, pool: false },
} as const;
const shape = birealNetwork(architecture, { height: 28, width: 28, channels: 1 }, 10);
const pooled = layOut({ ...architecture, family: 'vgg' }, shape.input, 10);
const spec: BinarySpec = {
  name: 'stages',
  seed: 1,
  data: {
    set: 'mnist',
    path: null,
    limit: { train: 200, test: 300 },
    augment: { flip: false, shift: 0, crop: 1 },
  },
  architecture,
  quantize: {
    tau: 5,
    binarize: 'weights+activations',
    subset: { structure: 'free', sampling: 'uniform' },
    refine: false,
  },
  train: { ...plainTraining, epochs: 1, batch: 32 },
  engine: 'wasm',
  device: { target: 'cpu', tools: 'npm', seed: 1 },
  verify: { images: 12 },
};
const { signal } = new AbortController();

let root = '';
const folder = (name: string) => join(root, name);

function network(seed: number, of = shape, activations: Activations = 'binary'): TrainedNetwork {
  const drawn = randomTrained({
    ...{ seed, shape: of, taus: [5, 5], structures: ['free', 'free'] },
    activations: [activations],
  });
  return { ...drawn, input: { zero: [34], scale: [79] } };
}

/** Runs a stage on the artifacts in `refine` and `packed`. */
async function run(
  stage: Stage,
  refine: string,
  out: string,
  events: StageEvent[] = [],
  packed = 'pack',
) {
  const measured = (value: number, unit: string) => ({ value, unit, kind: 'measured' }) as const;
  const metrics = {
    'training accuracy': measured(98.5, '%'),
    'training time': measured(performance.now(), 's'),
  };
  const input = (path: string) => ({ path: folder(path), digest: '', metrics });
  return stage.run({
    spec: await stage.reads(spec),
    inputs: { refine: input(refine), pack: input(packed) },
    out: folder(out),
    scratch: folder('scratch'),
    emit: (event) => events.push(event),
    signal,
  });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stages-'));
  for (const name of [
    'refine',
    'other',
    'pooled',
    'real',
    'packed-real',
    'pack',
    'packed',
    'evaluate',
    'again',
  ]) {
    await mkdir(folder(name));
  }
  await writeFile(join(folder('refine'), 'trained.safetensors'), encodeTrained(network(3)));
  await writeFile(join(folder('other'), 'trained.safetensors'), encodeTrained(network(4)));
  await writeFile(
    join(folder('real'), 'trained.safetensors'),
    encodeTrained(network(6, shape, 'real')),
  );
  await writeFile(join(folder('pooled'), 'trained.safetensors'), encodeTrained(network(5, pooled)));
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe('pack and evaluate', () => {
  it('pack a network and verify it on training images', async () => {
    const events: StageEvent[] = [];
    const metrics = await run(pack, 'refine', 'pack', events);
    const bytes = await readFile(join(folder('pack'), 'model.snn'));
    expect(decodeModel(bytes).shape).toEqual(shape);
    const pairs = 8 * 8 + 8 * 16;
    expect(metrics['binary weights']).toEqual({
      value: (pairs * 5) / 1000,
      unit: 'kbit',
      kind: 'counted',
    });
    expect(metrics.subsets.value).toBe((2 * 32 * 9) / 1000);
    expect(metrics['packed model'].value).toBe(bytes.length);
    expect(events).toContainEqual({
      type: 'note',
      text: expect.stringContaining('verified 12 training images'),
    });
  });

  it('tell in the model where it comes from and how good it was found to be', async () => {
    const metrics = await run(pack, 'refine', 'pack');
    const bytes = await readFile(join(folder('pack'), 'model.snn'));
    const { model, layout } = readModel(bytes);
    const { trained, origin } = model.provenance;
    expect(trained).toBe(sha256(await readFile(join(folder('refine'), 'trained.safetensors'))));
    expect(origin?.spec).toBe(specDigest(spec));
    const figures = ['float accuracy', 'logit error', 'packed accuracy', 'same class as float'];
    expect(Object.keys(origin?.figures ?? {})).toEqual([...figures, 'training accuracy']);
    for (const name of figures) expect(origin?.figures[name]).toEqual(metrics[name]);
    expect(metrics['stored bits per binary weight'].value).toBe(
      (8 * (layout.sections.INDX + layout.sections.SUBS)) / ((8 * 8 + 8 * 16) * 9),
    );
  });

  it('give the same bytes again', async () => {
    await run(pack, 'refine', 'again');
    const [first, second] = await Promise.all(
      ['pack', 'again'].map((name) => readFile(join(folder(name), 'model.snn'))),
    );
    expect(first.equals(second)).toBe(true);
  });

  it('test the packed model beside the trained network', async () => {
    const metrics = await run(evaluate, 'refine', 'evaluate');
    const result = JSON.parse(await readFile(join(folder('evaluate'), 'result.json'), 'utf8'));
    expect(result.images).toBe(300);
    expect(result.verified).toBe(12);
    expect(result.predictions).toHaveLength(300);
    expect(result.confusion.flat().reduce((sum: number, n: number) => sum + n)).toBe(300);
    const diagonal = result.confusion.map((row: number[], k: number) => row[k]);
    const correct = diagonal.reduce((sum: number, n: number) => sum + n);
    expect(metrics['test accuracy'].value).toBeCloseTo((100 * correct) / 300);
    expect(metrics['same class as float'].value).toBeGreaterThan(85);
    expect(metrics['CPU time'].value).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toMatch(/seconds|ms/);
  });

  it('do the same for a network that pools and has no shortcuts', async () => {
    const events: StageEvent[] = [];
    await run(pack, 'pooled', 'packed');
    const bytes = await readFile(join(folder('packed'), 'model.snn'));
    expect(decodeModel(bytes).shape).toEqual(pooled);
    const metrics = await run(evaluate, 'pooled', 'evaluate', events, 'packed');
    expect(metrics['same class as float'].value).toBeGreaterThan(85);
    expect(events).toContainEqual({
      type: 'note',
      text: 'runtime = reference on 12 test images, every layer',
    });
  });

  it('do the same for a network of binary weights alone', async () => {
    const events: StageEvent[] = [];
    const packing = await run(pack, 'real', 'packed-real');
    expect(packing['logit error'].value).toBeLessThan(3);
    const model = decodeModel(await readFile(join(folder('packed-real'), 'model.snn')));
    expect(model.blocks.map(({ input }) => input.activations)).toEqual(['real', 'real']);
    const metrics = await run(evaluate, 'real', 'evaluate', events, 'packed-real');
    expect(metrics['same class as float'].value).toBeGreaterThan(97);
    expect(events).toContainEqual({
      type: 'note',
      text: 'runtime = reference on 12 test images, every layer',
    });
  });

  it('fail where the packed model is not as accurate as the trained network, with both figures', async () => {
    const failure = await run(evaluate, 'other', 'again').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(String(failure)).toMatch(
      /packed model classifies \d+\.\d\d % .* trained network \d+\.\d\d %: more than 0.5 points/,
    );
  });

  it('are left out where weights stay real, evaluation is not', () => {
    const weights: Spec = { ...spec, quantize: { ...spec.quantize, binarize: 'weights' } };
    const none: Spec = { ...spec, quantize: { binarize: 'none' } };
    expect(pack.skip?.(weights)).toBeNull();
    expect(pack.skip?.(none)).toBe('quantize.binarize is none: weights stay real');
    expect(pack.skip?.(spec)).toBeNull();
    expect(evaluate.skip?.(none) ?? null).toBeNull();
  });

  it('do not read how images are augmented, but for the digest of the whole spec', async () => {
    const shifted = {
      ...spec,
      data: { ...spec.data, augment: { flip: true, shift: 2, crop: 0.5 } },
    };
    const digests = { [specDigest(spec)]: 'digest', [specDigest(shifted)]: 'digest' };
    expect(Object.keys(digests)).toHaveLength(2);
    const read = async (of: Spec) => {
      const slice = JSON.stringify(await pack.reads(of));
      return Object.entries(digests).reduce((text, [hex, name]) => text.replace(hex, name), slice);
    };
    expect(await read(shifted)).toBe(await read(spec));
    expect(evaluate.reads(shifted)).toEqual(evaluate.reads(spec));
  });
});

describe('bit-exact verification', () => {
  const plan = {
    seed: 9,
    mood: 'packed',
    shape,
    taus: [4, 9],
    structures: ['free', 'free'],
  } as const;
  const model = randomModel(plan);
  const images = [1, 2, 3].map((seed) => randomImages(shape, 1, seed));

  it('counts the images that it has compared', async () => {
    const seen: number[] = [];
    const count = await requireBitExact(
      model,
      createRuntime(model),
      images,
      (done) => seen.push(done),
      signal,
    );
    expect(count).toBe(3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('names image, layer, channel and position of the first bit that differs', async () => {
    const sound = createRuntime(model);
    let calls = 0;
    const broken = {
      ...sound,
      trace: (image: Uint8Array) =>
        sound.trace(image).map((layer) => {
          if (layer.name !== 'stage1.block0' || calls++ === 0) return layer;
          const values = layer.values.slice();
          values[(2 * layer.shape.width + 3) * layer.shape.channels + 5] ^= 1;
          return { ...layer, values };
        }),
    };
    await expect(requireBitExact(model, broken, images, () => {}, signal)).rejects.toThrow(
      /test image 1: layer stage1.block0, channel 5, row 2, column 3: -?\d+ expected, -?\d+ found/,
    );
  });
});
