import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { binaryQuantization } from '../../src/spec/binary.js';
import { loadSpec, storedSpec } from '../../src/spec/load.js';
import { renderSpec } from '../../src/spec/render.js';
import { Failure } from '../../src/util/failure.js';
import { packageFile } from '../../src/util/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'spec-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Writes a spec and returns its path. */
function written(content: object | string | Uint8Array, name = `spec-${files++}.yaml`): string {
  const file = join(folder, name);
  const raw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(file, raw ? content : stringify(content));
  return file;
}

const least = {
  name: 'least',
  data: { set: 'mnist' },
  architecture: 'bireal6',
  quantize: { bits: 0.56 },
};

const load = async (content: object | string, ...overrides: string[]) =>
  (await loadSpec(written(content), overrides)).spec;

describe('defaults', () => {
  it('fills in everything that the least spec leaves out', async () => {
    expect(await load(least)).toEqual({
      name: 'least',
      seed: 0,
      data: {
        set: 'mnist',
        path: null,
        limit: { train: null, test: null },
        augment: { flip: false, shift: 0, crop: 1 },
      },
      architecture: {
        family: 'bireal',
        stages: [2, 2, 2],
        width: 16,
        stem: { kernel: 3, stride: 2, pool: false },
      },
      quantize: {
        tau: 5,
        binarize: 'weights+activations',
        subset: { structure: 'free', sampling: 'uniform' },
        refine: {
          period: 10,
          threshold: 0.01,
          replace: 'most-wanted',
          by: 'latents',
        },
      },
      train: {
        epochs: 10,
        batch: 128,
        optimizer: 'adam',
        momentum: 0.9,
        learningRate: 0.01,
        schedule: 'linear',
        warmup: 0,
        weightDecay: 0,
        labelSmoothing: 0,
        validation: 0,
        keep: 'last',
        pretrain: null,
        distill: null,
        threads: null,
      },
      engine: 'auto',
      device: { target: 'cpu', tools: 'npm', seed: 1 },
      verify: { images: 100 },
    });
  });

  it.each([
    [1, 9],
    [0.67, 6],
    [0.56, 5],
    [0.44, 4],
  ])('turns %d bits into tau %d', async (bits, tau) => {
    expect(binaryQuantization(await load({ ...least, quantize: { bits } })).tau).toBe(tau);
  });

  it('gives a ResNet the stem that suits its images', async () => {
    const stem = async (set: string) =>
      (await load({ ...least, data: { set }, architecture: 'resnet34' })).architecture;
    expect(await stem('imagenet')).toMatchObject({
      stages: [6, 8, 12, 6],
      width: 64,
      stem: { kernel: 7, stride: 2, pool: true },
    });
    expect((await stem('mnist')).stem).toEqual({ kernel: 3, stride: 1, pool: false });
  });

  it('finds the data from the file that names it', async () => {
    const spec = await load({ ...least, data: { set: 'mnist', path: 'digits' } });
    expect(spec.data.path).toBe(join(folder, 'digits'));
    const overridden = await load(least, 'data.path=digits');
    expect(overridden.data.path).toBe(join(process.cwd(), 'digits'));
  });
});

describe('composition', () => {
  it('merges maps, replaces the rest, and lets later files and the spec itself win', async () => {
    written({ ...least, seed: 1, train: { epochs: 1, batch: 10 } }, 'first.yaml');
    written({ seed: 2, train: { epochs: 2 }, architecture: { width: 8 } }, 'second.yaml');
    const spec = await load({ extends: ['first.yaml', 'second.yaml'], name: 'own', seed: 3 });
    expect(spec).toMatchObject({ name: 'own', seed: 3, train: { epochs: 2, batch: 10 } });
    expect(spec.architecture).toMatchObject({ stages: [2, 2, 2], width: 8 });
  });

  it('may reach one base by two ways', async () => {
    written(least, 'root.yaml');
    written({ extends: 'root.yaml', seed: 1 }, 'left.yaml');
    written({ extends: 'root.yaml', train: { epochs: 4 } }, 'right.yaml');
    const spec = await load({ extends: ['left.yaml', 'right.yaml'] });
    expect(spec).toMatchObject({ name: 'least', train: { epochs: 4 } });
  });

  it('sees through a link that leads back', async () => {
    const file = written({ extends: 'link.yaml' }, 'linked.yaml');
    symlinkSync(file, join(folder, 'link.yaml'));
    await expect(loadSpec(file)).rejects.toThrow(/linked.yaml:1:10: extends runs in a circle/);
  });

  it('takes inherited bits and subsets away where nothing is binarised', async () => {
    const base = written({ ...least, quantize: { tau: 7, refine: false, subset: {} } });
    const none = { binarize: 'none' };
    expect((await load({ extends: base, quantize: none })).quantize).toEqual(none);
    expect((await load(least, 'quantize.binarize=none')).quantize).toEqual(none);
  });

  it('replaces inherited bits by tau and the other way round', async () => {
    const base = written(least);
    expect(binaryQuantization(await load({ extends: base, quantize: { tau: 7 } })).tau).toBe(7);
    expect(
      binaryQuantization(await load({ ...least, quantize: { tau: 7 } }, 'quantize.bits=1')).tau,
    ).toBe(9);
  });

  it.each([
    ['architecture.width=32', { architecture: { width: 32, stages: [2, 2, 2] } }],
    ['architecture=resnet18', { architecture: { width: 64, stages: [4, 4, 4, 4] } }],
    ['train={epochs: 7}', { train: { epochs: 7, batch: 128 } }],
    ['data.limit=1000', { data: { limit: { train: 1000, test: 1000 } } }],
    ['data.limit.train=500', { data: { limit: { train: 500, test: null } } }],
    ['quantize.refine=false', { quantize: { refine: false } }],
    [
      'quantize.refine.period=5',
      { quantize: { refine: { period: 5, threshold: 0.01, replace: 'most-wanted' } } },
    ],
    [
      'train.schedule={milestones: [3, 6.5]}',
      { train: { schedule: { milestones: [3, 6.5], factor: 0.1 } } },
    ],
    ['train.learningRate=1e-3', { train: { learningRate: 0.001 } }],
    ['name="1e3"', { name: '1e3' }],
  ])('--set %s', async (override, expected) => {
    expect(await load(least, override)).toMatchObject(expected);
  });

  it('keeps the other half of a limit that one number gave', async () => {
    const limited = { ...least, data: { set: 'mnist', limit: 2000 } };
    const spec = await load(limited, 'data.limit.test=300');
    expect(spec.data.limit).toEqual({ train: 2000, test: 300 });
  });

  it('lets the last of several overrides win', async () => {
    expect((await load(least, 'seed=1', 'train.epochs=2', 'seed=3')).seed).toBe(3);
  });
});

describe('locate', () => {
  it('finds where each value was written', async () => {
    const base = written('name: base\ndata:\n  set: mnist\narchitecture: resnet18\n', 'base.yaml');
    const file = written(
      'extends: base.yaml\nquantize:\n  bits: 0.56\n  refine: true\ntrain: { epochs: 3 }\n',
    );
    const { locate } = await loadSpec(file, ['data.limit=500']);
    const at = (place: string, line: number, column: number) => ({
      kind: 'file',
      file: place,
      line,
      column,
    });
    expect(locate('train.epochs')).toEqual(at(file, 5, 18));
    expect(locate('quantize.tau')).toEqual(at(file, 3, 9));
    expect(locate('quantize.refine.period')).toEqual(at(file, 4, 11));
    expect(locate('data.set')).toEqual(at(base, 3, 8));
    expect(locate('architecture.stem.kernel')).toEqual(at(base, 4, 15));
    expect(locate('data.limit.test')).toEqual({ kind: 'override', flag: '--set data.limit=500' });
    expect(locate('train.batch')).toBeNull();
    expect(locate('verify.images')).toBeNull();
  });
});

describe('guards', () => {
  it('refuses more than 1 MiB', async () => {
    const file = written(`# ${'x'.repeat(1024 * 1024)}`);
    await expect(loadSpec(file)).rejects.toThrow('larger than 1 MiB');
  });

  it('stops reading a device that never ends', async () => {
    await expect(loadSpec('/dev/zero')).rejects.toThrow('larger than 1 MiB');
  });

  it.each([
    ['a line without end', '- '.repeat(200_000), /:1:1: this line has more than/],
    ['brackets without end', '[\n'.repeat(100_000), /nested too deeply/],
    [
      'deep maps',
      Array.from({ length: 60 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /32 levels/,
    ],
    ['bytes that are no text', new Uint8Array([110, 97, 109, 101, 58, 32, 255]), /:1:7: this byte/],
    ['a zero byte', 'name: a\u0000b\n', /name cannot be/],
    ['a key of the prototype', '__proto__:\n  polluted: 1\n', /no key "__proto__"/],
  ])('refuses %s', async (_, content, message) => {
    await expect(loadSpec(written(content))).rejects.toThrow(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('cuts a long line down around the mistake and counts problems that it leaves out', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `wrong${i}: 1`);
    const file = written(`{ ${keys.join(', ')} }`);
    const error: Error = await loadSpec(file).then(
      () => expect.unreachable(),
      (failure) => failure,
    );
    expect(error.message).toContain('and 16 more');
    const lines = error.message.split('\n').filter((line) => /^ +\d* \|/.test(line));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(120);
    const last = lines.findLastIndex((line) => line.includes('^'));
    const column = lines[last]?.indexOf('^') ?? 0;
    expect(lines[last - 1]?.slice(column)).toMatch(/^wrong23/);
  });
});

const limit = fc.option(fc.integer({ min: 1000, max: 9000 }));
const architecture = fc.oneof(
  fc.constantFrom('bireal6', 'resnet18', 'resnet34'),
  fc.record({ preset: fc.constant('resnet18'), width: fc.integer({ min: 1, max: 99 }) }),
  fc.record({
    stages: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    width: fc.integer({ min: 1, max: 64 }),
    stem: fc.record(
      { kernel: fc.constantFrom(3, 7), stride: fc.constantFrom(1, 2), pool: fc.boolean() },
      { requiredKeys: [] },
    ),
  }),
);
const path = fc.string({ minLength: 1 }).filter((name) => !name.includes('\0'));
const side = fc.integer({ min: 64, max: 1024 });
const use = {
  limit: fc.oneof(limit, fc.record({ train: limit, test: limit }, { requiredKeys: [] })),
  augment: fc.record({ flip: fc.boolean(), shift: fc.nat({ max: 4 }) }),
};
const anySpec = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/),
    seed: fc.nat({ max: 2 ** 32 - 1 }),
    data: fc.oneof(
      fc.record(
        {
          set: fc.constantFrom('mnist', 'fashion-mnist', 'cifar10', 'cifar100', 'imagenet'),
          path: fc.option(path),
          ...use,
        },
        { requiredKeys: ['set'] },
      ),
      fc.record(
        {
          set: fc.constant('folder'),
          path,
          image: fc.oneof(side, fc.record({ height: side, width: side })),
          classes: fc.integer({ min: 2, max: 65_535 }),
          onCorrupt: fc.constantFrom('fail', 'skip'),
          ...use,
        },
        { requiredKeys: ['set', 'path', 'image', 'classes'] },
      ),
    ),
    architecture,
    quantize: fc
      .tuple(
        fc.oneof(
          fc.record({ bits: fc.constantFrom(1, 0.67, 0.56, 0.44) }),
          fc.record({ tau: fc.integer({ min: 1, max: 9 }) }),
          fc.record({
            tau: fc.record(
              { 'stage0.*': fc.integer({ min: 1, max: 9 }), '*': fc.integer({ min: 1, max: 9 }) },
              { requiredKeys: ['*'] },
            ),
          }),
        ),
        fc.record(
          {
            binarize: fc.constantFrom('weights', 'weights+activations'),
            subset: fc.record({ structure: fc.constantFrom('free', 'antipodal') }),
            refine: fc.oneof(
              fc.boolean(),
              fc.record(
                {
                  period: fc.integer({ min: 1, max: 99 }),
                  threshold: fc.double({ min: 0, max: 2.9, noNaN: true }),
                },
                { requiredKeys: [] },
              ),
            ),
          },
          { requiredKeys: [] },
        ),
      )
      .map(([size, rest]) => ({ ...size, ...rest })),
    train: fc.record(
      {
        epochs: fc.integer({ min: 1, max: 300 }),
        batch: fc.integer({ min: 1, max: 500 }),
        optimizer: fc.constantFrom('adam', 'adamw', 'sgd'),
        momentum: fc.double({ min: 0, max: 0.99, noNaN: true }),
        learningRate: fc.double({ min: 1e-12, max: 1, noNaN: true }),
        schedule: fc.oneof(
          fc.constantFrom('linear', 'cosine', 'constant'),
          fc.record(
            {
              milestones: fc.array(fc.integer({ min: 1, max: 300 }), {
                minLength: 1,
                maxLength: 5,
              }),
              factor: fc.double({ min: 0.01, max: 1, noNaN: true }),
            },
            { requiredKeys: ['milestones'] },
          ),
        ),
        warmup: fc.double({ min: 0, max: 0.9, noNaN: true }),
        labelSmoothing: fc.double({ min: 0, max: 0.9, noNaN: true }),
        validation: fc.double({ min: 0, max: 0.5, noNaN: true }),
        pretrain: fc.option(
          fc.record(
            {
              epochs: fc.integer({ min: 1, max: 300 }),
              learningRate: fc.double({ min: 1e-12, max: 1, noNaN: true }),
              schedule: fc.constantFrom('linear', 'cosine', 'constant'),
            },
            { requiredKeys: ['epochs'] },
          ),
        ),
        weightDecay: fc.double({ min: 0, max: 1, noNaN: true }),
        threads: fc.option(fc.integer({ min: 1, max: 64 })),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['name', 'data', 'architecture', 'quantize'] },
);

it('writes any spec out as one that loads to the same again', async () => {
  await fc.assert(
    fc.asyncProperty(anySpec, async (content) => {
      const { spec } = await loadSpec(written(content, 'any.yaml'));
      const again = await loadSpec(written(renderSpec(spec), 'again.yaml'));
      expect(again.spec).toEqual(spec);
    }),
    { numRuns: 200 },
  );
});

it('answers any text with a spec or with located problems, never with a bug', async () => {
  const quickstart = readFileSync(packageFile('configs/quickstart.yaml'), 'utf8');
  const spoiled = fc
    .tuple(
      fc.nat({ max: quickstart.length }),
      fc.nat({ max: 40 }),
      fc.oneof(
        fc.string(),
        fc.constantFrom('\t', ': ', '- ', '{', '[', '&a ', '*a', '!!', '\n---\n', '|', '? ', '"'),
      ),
    )
    .map(([at, cut, put]) => quickstart.slice(0, at) + put + quickstart.slice(at + cut));
  await fc.assert(
    fc.asyncProperty(fc.oneof(spoiled, fc.string({ unit: 'binary' })), async (text) => {
      const outcome = await loadSpec(written(text, 'spoiled.yaml')).catch((error) => error);
      if (outcome instanceof Failure) expect(outcome.message).toMatch(/spoiled.yaml:\d+:\d+: /);
      else expect(outcome).toHaveProperty('spec.quantize.tau');
    }),
    { numRuns: 300 },
  );
});

describe('storedSpec', () => {
  it('gives fields that an older run did not have their defaults', async () => {
    const spec = await load(least);
    const { verify: _new, ...old } = spec;
    const { epochs: _newToo, ...train } = old.train;
    const stored = { ...old, train } as unknown as typeof spec;
    expect(await storedSpec(stored, 'least-1')).toEqual(spec);
  });

  it('refuses what is no longer valid, naming the run', async () => {
    const spec = await load(least);
    const stored = { ...spec, train: { ...spec.train, epochs: -1 } };
    await expect(storedSpec(stored, 'least-1')).rejects.toThrow(/least-1.*train\.epochs/s);
  });
});
