import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { designFor } from '../../src/fpga/advice.js';
import { type Manifest, readManifest } from '../../src/fpga/bundle.js';
import { stepCycles } from '../../src/fpga/cycles.js';
import { designDocument } from '../../src/fpga/design-document.js';
import { goldenImage } from '../../src/fpga/golden.js';
import { networkImage } from '../../src/fpga/image.js';
import { buildBoard, type SimulatedBoard, startBoard } from '../../src/fpga/simulated-board.js';
import { compareWithReference } from '../../src/fpga/verify.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork } from '../../src/model/network.js';
import type { StageEvent } from '../../src/pipeline/events.js';
import { deploy } from '../../src/stages/deploy.js';
import { listFiles } from '../../src/util/files.js';
import { sha256 } from '../../src/util/hash.js';
import { randomImages, randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { buildTimeout, canSimulate, quiet, simulated, temporaryFolder } from './support.js';

const architecture = {
  family: 'bireal',
  stages: [1, 1],
  width: 4,
  stem: { kernel: 3, stride: 2, pool: false },
} as const;
const image = { height: 28, width: 28, channels: 1 };
const shape = birealNetwork(architecture, image, 10);
const [taus, structures] = [[5, 5], ['free', 'antipodal'] as const];
const model = randomModel({ seed: 5, mood: 'packed', shape, taus, structures });
const fit = designFor({ architecture, image, classes: 10, tau: 5, target: 'ice40-up5k' });
const { design, plan } = fit;
const mapSizes = [14 * 14 * 4, 14 * 14 * 4, 7 * 7 * 8, 7 * 7 * 8, 8, 10];
const mapNames = [
  'stem',
  'stage0.block0',
  'stage1.block0.shortcut',
  'stage1.block0',
  'pool',
  'logits',
];

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

describe('the comparison with the reference', () => {
  const golden = [goldenImage(model, plan, randomImages(shape, 1, 3), 4)];
  const probes = [...plan.steps.keys()];
  const cycles = stepCycles(plan, design);
  const maps = golden[0].maps.flatMap((map) => map ?? []);
  const outcome = {
    maps,
    cycles: cycles.map((_, i) => cycles.slice(0, i + 1).reduce((sum, count) => sum + count, 0)),
  };

  it('covers every map of the network', () => {
    expect(maps.map(({ name }) => name)).toEqual(mapNames);
    expect(maps.map(({ values }) => values.length)).toEqual(mapSizes);
  });

  it('refuses a zero-padded model: the accelerator pads with -1', async () => {
    const activations = ['zero-padded', 'zero-padded'] as const;
    const padded = randomModel({ seed: 5, mood: 'small', shape, taus, structures, activations });
    const { message, next } = await failureOf(() => networkImage(padded, plan, design));
    expect(message).toContain('pads with -1, but stage0.block0 sees 0 beyond its edge');
    expect(next.join()).toContain('on a CPU');
  });

  it('passes what agrees', () => {
    compareWithReference(golden, probes, cycles, [outcome]);
  });

  it('names image, layer, channel and position of the first value that differs', async () => {
    const values = Int32Array.from(maps[3].values);
    const { width, channels } = maps[3].shape;
    values[(3 * width + 2) * channels + 5] += 2;
    const spoiled = { ...outcome, maps: maps.with(3, { ...maps[3], values }) };
    const failure = await failureOf(() => compareWithReference(golden, probes, cycles, [spoiled]));
    expect(failure.message).toContain(
      'test image 4, layer stage1.block0, channel 5, row 3, column 2:',
    );
  });

  it('refuses other cycles than the model says', async () => {
    const slow = { ...outcome, cycles: outcome.cycles.with(1, outcome.cycles[1] + 1) };
    const failure = await failureOf(() => compareWithReference(golden, probes, cycles, [slow]));
    expect(failure.message).toMatch(
      /\d+ cycles passed until the end of layer stage0\.block0, the model says \d+/,
    );
  });
});

describe('deploy without Verilator', () => {
  const folder = temporaryFolder();

  it('says in manifest, figures and a warning that nothing was simulated', async () => {
    const out = join(folder, 'out');
    const { metrics, events, manifest } = await withoutPrograms(() => runDeploy(folder, out));
    expect(manifest.verification).toMatchObject({ simulated: false, simulator: null, layers: [] });
    expect(metrics['maps verified']).toEqual({ value: 0, unit: 'maps', kind: 'counted' });
    expect(metrics['whole network'].kind).toBe('modelled');
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
    'proves every map of the network and records it',
    async () => {
      const { metrics, manifest } = await runDeploy(folder, out);
      expect(manifest.verification).toMatchObject({
        simulated: true,
        images: [0, 1],
        layers: mapNames,
        values: 2 * mapSizes.reduce((sum, size) => sum + size, 0),
      });
      expect(metrics['maps verified']).toEqual({ value: 6, unit: 'maps', kind: 'simulated' });
      await expectEveryFileInManifest(out, manifest);
    },
    buildTimeout,
  );

  it('gives a host program whose self-test passes on the simulated board', async () => {
    const { code, text } = await selfTest(out);
    expect(text).toContain(
      `PASS: ${mapSizes.reduce((sum, size) => sum + size, 10)} values of 2 images agree`,
    );
    expect(code).toBe(0);
  });

  it('whose self-test names the place where wrong weights show', async () => {
    const spoiled = await spoil('weights.bin', (bytes) => {
      // The last group of outputs of the last binary layer.
      const { weightBase, weightWords } = plan.steps[3];
      bytes[4 * (weightBase + weightWords - 1)] ^= 0x1f;
      return bytes;
    });
    const { code, text } = await selfTest(spoiled);
    expect(text).toMatch(/FAIL: test image 0, layer stage1\.block0, channel 6, row \d, column \d/);
    expect(code).toBe(1);
  });

  it('whose self-test refuses the bitstream of another design', async () => {
    const spoiled = await spoil('design.json', (bytes) =>
      bytes.toString().replace('"tau":5', '"tau":4'),
    );
    const { code, text } = await selfTest(spoiled);
    expect(text).toContain('made for another network: it has tau 5 instead of 4');
    expect(code).toBe(3);
  });
});
