import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { legacyCheckpoint } from '../../src/fuzz/torch-files.js';
import { readModel } from '../../src/model/container/read.js';
import { birealNetwork } from '../../src/model/network.js';
import { readInput } from '../../src/util/files.js';
import { randomTrained } from '../model/networks.js';
import { stateDictOf } from '../support/authors-network.js';
import { temporaryFolder } from '../support/folder.js';
import { painted, writeFiles } from '../support/photos.js';
import { snn } from './cli.js';

/** A checkpoint of random weights in the authors' form. */
function checkpoint(stages: readonly number[], width: number, classes: number, subsets = true) {
  const shape = birealNetwork(
    { stages, width, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 224, width: 224, channels: 3 },
    classes,
  );
  const taus = shape.blocks.map(() => 5);
  const structures = taus.map(() => 'free' as const);
  const saved = stateDictOf(randomTrained({ seed: 1, shape, taus, structures }));
  const kept = [...saved].filter(([name]) => subsets || !name.endsWith('patterns'));
  return legacyCheckpoint(new Map(kept));
}

/** Photographs in a folder for each class. */
function photographs(folder: string, classes: number) {
  const files = Array.from({ length: classes }, (_, k) => [
    `class${k}/0.png`,
    painted(70, 60, (x, y) => [(40 * k + 3 * x) % 256, (5 * y) % 256, (x * y) % 256]),
  ]);
  return writeFiles(folder, Object.fromEntries(files));
}

test('a checkpoint is imported, inspected and evaluated', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'net.pth.tar'), checkpoint([1, 1], 8, 3));
  await photographs(join(folder, 'photos'), 3);
  const small = ['--as', 'birealnet', '--image', '48', '-o', 'net.snn'];
  const imported = await snn(folder, 'import', 'net.pth.tar', ...small);
  expect(imported).toMatchObject({ code: 0 });
  expect(imported.stdout).toContain('blocks [1, 1] of tau 5, images 48x48x3, 3 classes');
  const inspected = await snn(folder, 'inspect', 'net.snn');
  expect(inspected.stdout).toContain('3x3 layers see 0 beyond the edge');
  const evaluated = await snn(
    folder,
    'evaluate',
    'net.snn',
    '--data',
    'folder',
    '--path',
    'photos',
    '--json',
  );
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ images: 3, skipped: 0, top5: null });

  const wrong = await snn(
    folder,
    'import',
    'net.pth.tar',
    '--as',
    'birealnet34',
    '-o',
    'other.snn',
  );
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain(
    'error: net.pth.tar: does not fit birealnet34 of [6, 8, 12, 6] blocks\n',
  );
  expect(wrong.stderr).toContain('missing     stage3.block5: all of its 10 tensors');
  const nothing = await snn(folder, 'import', 'net.pth.tar');
  expect(nothing).toMatchObject({ code: 2 });
  expect(nothing.stderr).toContain('next: name one that is known: --as birealnet18');
});

test('real weights are quantised, the norms taken anew over the images of a folder', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'step1.pth'), checkpoint([1, 1], 8, 3, false));
  await photographs(join(folder, 'photos'), 3);
  const as = ['step1.pth', '--as', 'birealnet', '--image', '48', '--quantize', 'tau=3'];
  const { code, stdout, stderr } = await snn(folder, 'import', ...as, '--calibrate', 'photos');
  expect(code).toBe(0);
  expect(stderr).toContain('statistics of 2 of 2 blocks taken anew over 3 images');
  expect(stdout).toContain('blocks [1, 1] of tau 3');
  const without = await snn(folder, 'import', ...as);
  expect(without).toMatchObject({ code: 2 });
  expect(without.stderr).toContain('--calibrate DIR');
  const misspelt = await snn(folder, 'import', 'step1.pth', '--as', 'birealnet', '--quantize', '5');
  expect(misspelt.stderr).toContain('--quantize 5: must be tau=N with N from 1 to 9');
});

test('a full-size ResNet-18 takes less than 400 MB to import', async () => {
  const folder = temporaryFolder();
  const bytes = checkpoint([4, 4, 4, 4], 64, 1000);
  expect(bytes.length).toBeGreaterThan(44e6);
  writeFileSync(join(folder, 'net.pth.tar'), bytes);
  const tell = "process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))";
  process.env.NODE_OPTIONS = `--import "data:text/javascript,${encodeURIComponent(tell)}"`;
  const { code, stderr } = await snn(
    folder,
    'import',
    'net.pth.tar',
    '--as',
    'birealnet18',
  ).finally(() => delete process.env.NODE_OPTIONS);
  expect(code, stderr).toBe(0);
  const kilobytes = Number(/peak (\d+)/.exec(stderr)?.[1]);
  expect(kilobytes).toBeGreaterThan(44e3);
  expect(kilobytes).toBeLessThan(400e3);
  const { model } = readModel(await readInput(join(folder, 'model.snn')));
  expect(model.blocks.length).toBe(16);
  expect(model.blocks.every(({ conv }) => conv.tau === 5)).toBe(true);
});
