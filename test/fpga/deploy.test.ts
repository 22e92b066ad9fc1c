import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { designFor } from '../../src/fpga/advice.js';
import { type Manifest, readManifest } from '../../src/fpga/bundle.js';
import { passCycles } from '../../src/fpga/cycles.js';
import { designDocument } from '../../src/fpga/design-document.js';
import { goldenLayers } from '../../src/fpga/golden.js';
import { planLayers } from '../../src/fpga/plan.js';
import { buildBoard, type SimulatedBoard, startBoard } from '../../src/fpga/simulated-board.js';
import { compareWithReference } from '../../src/fpga/verify.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork, layOut } from '../../src/model/network.js';
import type { StageEvent } from '../../src/pipeline/events.js';
import { deploy } from '../../src/stages/deploy.js';
import { listFiles } from '../../src/util/files.js';
import { sha256 } from '../../src/util/hash.js';
import { randomImages, randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import {
  buildTimeout,
  canSimulate,
  convolution,
  quiet,
  simulated,
  temporaryFolder,
} from './support.js';

const architecture = {
  family: 'bireal',
  stages: [1, 1],
  width: 4,
  stem: { kernel: 3, stride: 2, pool: false },
} as const;
const image = { height: 28, width: 28, channels: 1 };
const shape = birealNetwork(architecture, image, 10);
const [taus, structures] = [[5, 5], ['free', 'antipodal'] as const];
const model = randomModel({ seed: 5, mood: 'small', shape, taus, structures });
const fit = designFor({ architecture, image, tau: 5, target: 'ice40-up5k' });

/** Artifacts of the stages before, as far as deploy reads them; the bitstream is any bytes here. */
async function artifacts(folder: string) {
  const [pack, synthesize] = [join(folder, 'pack'), join(folder, 'synthesize')];
  await Promise.all([pack, synthesize].map((path) => mkdir(path, { recursive: true })));
  await writeFile(join(pack, 'model.snn'), encodeModel(model));
  await writeFile(join(synthesize, 'bitstream.bin'), Uint8Array.of(1, 2, 3));
  const document = designDocument(fit, { yosys: 'none' });
  await writeFile(join(synthesize, 'design.json'), JSON.stringify(document));
  const input = (path: string) => ({ path, digest: sha256(path), metrics: {} });
  return { pack: input(pack), evaluate: input(folder), synthesize: input(synthesize) };
}

async function runDeploy(folder: string, out: string) {
  const events: StageEvent[] = [];
  await mkdir(out, { recursive: true });
  const metrics = await deploy.run({
    spec: {
      data: { set: 'mnist', path: null, limit: { test: null } },
      verify: { images: 2 },
    },
    inputs: await artifacts(folder),
    out,
    scratch: join(folder, 'scratch'),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  return { metrics, events, manifest: await readManifest(out) };
}

async function withoutPrograms<Result>(act: () => Promise<Result>): Promise<Result> {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    return await act();
  } finally {
    process.env.PATH = PATH;
  }
}

async function expectEveryFileInManifest(out: string, manifest: Manifest): Promise<void> {
  const others = (await listFiles(out)).filter((path) => path !== 'manifest.json');
  expect(Object.keys(manifest.files)).toEqual(others);
  for (const path of others) {
    const bytes = await readFile(join(out, path));
    expect(manifest.files[path], path).toEqual({ size: bytes.length, sha256: sha256(bytes) });
  }
}

describe('golden vectors', () => {
  /** The same in the family that pools between its layers, which the host does. */
  const pooled = randomModel({
    ...{ seed: 5, mood: 'small', taus, structures },
    shape: layOut({ ...architecture, family: 'vgg' }, image, 10),
  });

  it.each([model, pooled])(
    'are what the convolution by its definition gives on what the thresholds let through',
    (model) => {
      const golden = goldenLayers(model, randomImages(model.shape, 1, 3), 0);
      expect(golden.map(({ layer }) => layer)).toEqual([0, 1]);
      for (const { layer, bits, accumulators } of golden) {
        const { conv } = model.shape.blocks[layer];
        expect(accumulators).toEqual(convolution(conv, model.blocks[layer].conv, bits));
        expect(new Set(bits).size).toBe(2);
      }
    },
  );
});

it('refuses a zero-padded model: the accelerator pads with -1', async () => {
  const activations = ['zero-padded', 'zero-padded'] as const;
  const padded = randomModel({ seed: 5, mood: 'small', shape, taus, structures, activations });
  const { message, next } = await failureOf(() =>
    goldenLayers(padded, randomImages(shape, 1, 3), 0),
  );
  expect(message).toContain('pads with -1, but stage0.block0 sees 0 beyond its edge');
  expect(next.join()).toContain('on a CPU');
});

describe('the comparison with the reference', () => {
  const { design } = fit;
  const plans = planLayers(shape.blocks, design);
  const golden = goldenLayers(model, randomImages(shape, 1, 3), 4);
  const outcomes = golden.map(({ layer, accumulators }) => ({
    accumulators,
    cycles: plans[layer].passes.map((pass) => passCycles(plans[layer].tiling, pass, design)),
  }));

  it('passes what agrees', () => {
    compareWithReference(plans, design, golden, outcomes);
  });

  it('names image, layer, channel and position of the first value that differs', async () => {
    const accumulators = Int32Array.from(outcomes[1].accumulators);
    const { width, channels } = shape.blocks[1].conv.output;
    accumulators[(3 * width + 2) * channels + 5] += 2;
    const spoiled = [outcomes[0], { ...outcomes[1], accumulators }];
    const failure = await failureOf(() => compareWithReference(plans, design, golden, spoiled));
    expect(failure.message).toContain(
      'test image 4, layer stage1.block0, channel 5, row 3, column 2:',
    );
  });

  it('refuses other cycles than the model says', async () => {
    const slow = [{ ...outcomes[0], cycles: outcomes[0].cycles.map((n) => n + 1) }, outcomes[1]];
    const failure = await failureOf(() => compareWithReference(plans, design, golden, slow));
    expect(failure.message).toMatch(/stage0\.block0 took \d+ .*cycles, the model says \d+/);
  });
});

describe('deploy without Verilator', () => {
  const folder = temporaryFolder();

  it('says in manifest, figures and a warning that nothing was simulated', async () => {
    const out = join(folder, 'out');
    const { metrics, events, manifest } = await withoutPrograms(() => runDeploy(folder, out));
    expect(manifest.verification).toMatchObject({ simulated: false, simulator: null, layers: [] });
    expect(metrics['binary layers verified']).toEqual({ value: 0, unit: 'of 2', kind: 'counted' });
    expect(metrics['binary layers'].kind).toBe('modelled');
    expect(events).toContainEqual({
      type: 'warning',
      text: 'not simulated: install verilator (apt install verilator)',
    });
    expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('not simulated');
    await expectEveryFileInManifest(out, manifest);
  });

  it('is another environment, so that installing it runs the stage again', async () => {
    const spec = { data: { set: 'mnist', path: null } } as Parameters<typeof deploy.reads>[0];
    const without = await withoutPrograms(async () => deploy.environment?.(spec));
    expect(without).toMatchObject({ verilator: null });
  });
});

describe.skipIf(!canSimulate)(`deploy ${simulated}`, () => {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  let board: SimulatedBoard;

  beforeAll(async () => {
    const timing = { divider: 4, pauseBits: 16 };
    const program = await buildBoard(fit.design, timing, join(folder, 'board'), quiet(folder));
    board = await startBoard(program);
  }, buildTimeout);
  afterAll(() => board?.stop());

  /** The bundle's own program, run as a person does: plain Node, no dependency in reach. */
  const selfTest = async (bundle: string) => {
    const args = [join(bundle, 'host/main.js'), '--port', board.port];
    const run = promisify(execFile)(process.execPath, args, { cwd: folder });
    return run.then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      ({ code, stdout, stderr }) => ({ code, text: stdout + stderr }),
    );
  };

  const spoil = async (name: string, change: (bytes: Buffer) => Buffer | string) => {
    const copy = join(folder, `spoiled-${name}`);
    await cp(out, copy, { recursive: true });
    await writeFile(join(copy, name), change(await readFile(join(out, name))));
    return copy;
  };

  it(
    'proves every binary layer and records it',
    async () => {
      const { metrics, manifest } = await runDeploy(folder, out);
      expect(manifest.verification).toMatchObject({
        simulated: true,
        images: [0, 1],
        layers: ['stage0.block0', 'stage1.block0'],
        values: 2 * (14 * 14 * 4 + 7 * 7 * 8),
      });
      expect(metrics['binary layers verified']).toEqual({
        value: 2,
        unit: 'of 2',
        kind: 'simulated',
      });
      await expectEveryFileInManifest(out, manifest);
    },
    buildTimeout,
  );

  it('gives a host program whose self-test passes on the simulated board', async () => {
    const { code, text } = await selfTest(out);
    expect(text).toContain(
      `PASS: ${2 * (14 * 14 * 4 + 7 * 7 * 8)} accumulators of 4 vectors agree`,
    );
    expect(code).toBe(0);
  });

  it('whose self-test names the place where wrong weights show', async () => {
    const spoiled = await spoil('weights.bin', (bytes) => {
      bytes[bytes.length - 6] ^= 0x1f;
      return bytes;
    });
    const { code, text } = await selfTest(spoiled);
    expect(text).toMatch(
      /FAIL: test image \d, layer stage1\.block0, channel \d, row \d, column \d/,
    );
    expect(code).toBe(1);
  });

  it('whose self-test refuses the bitstream of another design', async () => {
    const spoiled = await spoil('design.json', (bytes) =>
      bytes.toString().replace('"tau":5', '"tau":4'),
    );
    const { code, text } = await selfTest(spoiled);
    expect(text).toContain('the accelerator has tau 5, this bundle is for 4');
    expect(code).toBe(3);
  });
});
