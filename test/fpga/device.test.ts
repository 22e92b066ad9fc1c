import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkCycles } from '../../src/fpga/cycles.js';
import type { DesignDocument } from '../../src/fpga/design-document.js';
import { converse } from '../../src/fpga/device/connect.js';
import { findDeployment, readDeployment } from '../../src/fpga/device/deployment.js';
import { readPicture } from '../../src/fpga/device/picture.js';
import { whyNotFor } from '../../src/fpga/host/identity.js';
import type { Transport } from '../../src/fpga/host/link.js';
import { linkBytes, linkSeconds } from '../../src/fpga/link-time.js';
import { planNetwork } from '../../src/fpga/plan.js';
import { startBoard } from '../../src/fpga/simulated-board.js';
import { decodeModel } from '../../src/model/container/read.js';
import type { PackedModel } from '../../src/model/packed.js';
import { referenceLogits } from '../../src/model/reference.js';
import { packageFile } from '../../src/util/paths.js';
import { snn, startSnn } from '../e2e/cli.js';
import { randomImages, randomModel } from '../model/networks.js';
import { failureOf } from '../support/failure.js';
import { writeDeployment } from './deployment.js';
import { buildTimeout, canSimulate, simulated, temporaryFolder } from './support.js';

const cwd = temporaryFolder();
const folder = join(cwd, 'deploy/quickstart');
let model: PackedModel;
let images: Uint8Array[];

beforeAll(async () => {
  const file = packageFile('examples/quickstart.snn');
  model = decodeModel(await readFile(file), file);
  images = [1, 2].map((seed) => randomImages(model.shape, 1, seed));
  await writeDeployment(folder, model, images);
  const raw = { width: 28, height: 28, channels: 1 } as const;
  await sharp(images[0], { raw }).toColourspace('b-w').png().toFile(join(cwd, 'digit.png'));
});

describe('a deployment folder', () => {
  it('is found by path, by name, or as the newest', async () => {
    const parent = join(cwd, 'deploy');
    expect(await findDeployment(folder)).toBe(folder);
    expect(await findDeployment('quickstart', parent)).toBe(folder);
    expect(await findDeployment(undefined, parent)).toBe(folder);
    const failure = await failureOf(() => findDeployment(undefined, join(cwd, 'nothing')));
    expect(failure.next).toContain('make one: snn deploy --fpga');
  });

  it('is refused where a file of it was altered, which is named', async () => {
    const other = join(cwd, 'altered');
    await writeDeployment(other, model, images);
    await writeFile(join(other, 'weights.bin'), 'spoiled');
    const failure = await failureOf(() => readDeployment(other));
    expect(failure.message).toMatch(/altered\/weights\.bin has been altered/);
  });
});

describe('an image file', () => {
  it('comes as the bytes that the network saw, grey or in colour', async () => {
    const file = join(cwd, 'digit.png');
    const grey = await readPicture(file, { height: 28, width: 28, channels: 1 });
    expect(grey).toEqual({ pixels: Buffer.from(images[0]), resizedFrom: null });
    const { pixels } = await readPicture(file, { height: 28, width: 28, channels: 3 });
    expect([...pixels]).toEqual([...images[0]].flatMap((value) => [value, value, value]));
  });

  it('is scaled where its size is another, and says so', async () => {
    const file = join(cwd, 'wide.png');
    const create = { width: 50, height: 20, channels: 3, background: '#808080' } as const;
    await sharp({ create }).png().toFile(file);
    const picture = await readPicture(file, { height: 28, width: 28, channels: 1 });
    expect(picture.resizedFrom).toEqual({ width: 50, height: 20 });
    expect([...picture.pixels]).toEqual(Array.from({ length: 784 }, () => 128));
  });

  it('that is none is named', async () => {
    const failure = await failureOf(() => readPicture(packageFile('README.md'), model.shape.input));
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain('README.md cannot be read as an image');
  });
});

describe('an accelerator of another make', () => {
  it('is told by its protocol or by the parameters that differ', async () => {
    const { huge: _, ...design } = (await readDeployment(folder)).bundle.design.design;
    const whole = { ...design, huge: true };
    expect(whyNotFor(whole, { protocol: 2, ...design })).toBe(null);
    expect(whyNotFor(whole, { protocol: 1, ...design })).toContain('version 1 of the protocol');
    expect(whyNotFor(whole, { protocol: 2, ...design, tau: 9, outputs: 7 })).toBe(
      'the bitstream was made for another network: it has ' +
        `outputs 7 instead of ${design.outputs}, tau 9 instead of ${design.tau}`,
    );
  });
});

describe('a line on which nobody answers', () => {
  it('is told with what to check', async () => {
    const silent: Transport = { write: () => {}, listen: () => {}, close: () => {} };
    const deployment = await readDeployment(folder);
    const failure = await failureOf(() =>
      converse(silent, { kind: 'port' }, deployment, async () => {}),
    );
    expect(failure.kind).toBe('tool');
    expect(failure.message).toBe('the accelerator does not answer (4 attempts): no answer');
    expect(failure.next[0]).toContain('program the board: openFPGALoader');
    expect(failure.next[1]).toContain('check that this is the UART');
  });
});

describe('snn fpga', () => {
  it('names a port that is not there, and the flag that is missing', async () => {
    const nowhere = await snn(cwd, 'fpga', 'ping', '--port', '/dev/ttyNowhere');
    expect(nowhere.stderr).toContain('error: there is no serial port /dev/ttyNowhere');
    expect(nowhere.stderr).toContain('next: connect the board, or name another port: --port');
    expect(nowhere.code).toBe(2);
    const neither = await snn(cwd, 'fpga', 'ping');
    expect(neither.stderr).toMatch(/--port.*--simulated/);
    expect(neither.code).toBe(2);
  });
});

describe.skipIf(!canSimulate)(`snn fpga on a board ${simulated}`, () => {
  let design: DesignDocument;

  beforeAll(async () => {
    design = (await readDeployment(folder)).bundle.design;
    const { code, stdout, stderr } = await snn(cwd, 'fpga', 'ping', '--simulated');
    expect(stderr).toContain('building the simulated board');
    expect(code).toBe(0);
    expect(stdout).toContain('protocol    2\n');
    expect(stdout).toContain(`tau ${design.design.tau},`);
  }, buildTimeout);

  it('infers an image: the reference’s logits in the modelled cycles', async () => {
    const { code, stdout } = await snn(
      cwd,
      ...['fpga', 'infer', 'digit.png', 'quickstart', '--simulated', '--json'],
    );
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    const logits = [...referenceLogits(model, images[0])];
    const cycles = networkCycles(planNetwork(model.shape, design.design), design.design);
    expect(document).toMatchObject({ logits, cycles, resizedFrom: null });
    expect(document.class).toBe(model.classes[logits.indexOf(Math.max(...logits))]);
    expect(document.engine).toEqual({ seconds: cycles / design.clock, kind: 'modelled' });
    const link = linkSeconds(linkBytes(model.shape), design.baud);
    expect(document.link).toEqual({ seconds: link, kind: 'modelled' });
  });

  it('runs more images than there are golden ones', async () => {
    const { code, stdout } = await snn(cwd, 'fpga', 'bench', '--simulated', '--images', '3');
    expect(stdout).toContain("images      3, every logit equal to the CPU runtime's");
    expect(stdout).toMatch(/engine {6}\d+ images\/s at \d+ cycles/);
    expect(code).toBe(0);
  });

  it('fails where the board holds no network, or another', async () => {
    const { code, stderr } = await snn(
      cwd,
      ...['fpga', 'infer', 'digit.png', '--simulated', '--no-load'],
    );
    expect(stderr).toContain("error: the accelerator's logits differ from the CPU runtime's");
    expect(code).toBe(3);
  });

  it('ends with 130 on Ctrl-C', async () => {
    const running = startSnn(cwd, 'fpga', 'bench', '--simulated', '--images', '100000');
    await running.printed('simulated board at /dev/');
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('error: interrupted');
    expect(code).toBe(130);
  });

  it('refuses a board with the bitstream of another network, on its port', async () => {
    const simulators = join(cwd, '.snn/simulators');
    const [program] = (await readdir(simulators)).filter((name) => name !== 'logs');
    const board = await startBoard(join(simulators, program));
    const plan = { seed: 1, mood: 'uniform', shape: model.shape } as const;
    const count = model.blocks.length;
    const taus = Array.from({ length: count }, () => 4);
    const structures = Array.from({ length: count }, () => 'free' as const);
    await writeDeployment(join(cwd, 'other'), randomModel({ ...plan, taus, structures }), images);
    const ended = await snn(cwd, 'fpga', 'ping', 'other', '--port', board.port);
    await board.stop();
    expect(ended.stderr).toContain('error: the bitstream was made for another network: it has');
    expect(ended.stderr).toContain('tau 5 instead of 4');
    expect(ended.stderr).toContain('next: program the board: openFPGALoader');
    expect(ended.code).toBe(3);
  });
});
