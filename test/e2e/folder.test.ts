import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/util/random.js';
import { temporaryFolder } from '../support/folder.js';
import { type Colour, painted, writeFiles } from '../support/photos.js';
import { snn } from './cli.js';

const shapes: Readonly<Record<string, { colour: Colour; has: (x: number, y: number) => boolean }>> =
  {
    bar: { colour: [220, 40, 40], has: (_, y) => Math.abs(y) < 6 },
    disc: { colour: [40, 60, 220], has: (x, y) => x * x + y * y < 150 },
    square: { colour: [40, 200, 60], has: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 11 },
  };

/** Photographs of coloured shapes somewhere on grey: 20 a class to train on and 5 to test. */
function shapeFolder(folder: string): Promise<string> {
  const files: Record<string, Sharp> = {};
  for (const [split, count] of [
    ['train', 20],
    ['val', 5],
  ] as const) {
    for (const [name, { colour, has }] of Object.entries(shapes)) {
      for (let i = 0; i < count; i++) {
        const random = stream(7, split, name, i);
        const [left, top, grey] = [20 + random.below(20), 15 + random.below(18), random.below(90)];
        const ending = ['jpg', 'png', 'webp'][i % 3];
        files[`${split}/${name}/${i}.${ending}`] = painted(60, 48, (x, y) =>
          has(x - left, y - top) ? colour : [grey, grey, grey],
        );
      }
    }
  }
  return writeFiles(folder, files);
}

const spec = `
name: shapes
seed: 1
data:
  set: folder
  path: photos
  image: 24
  classes: 3
  augment: { crop: 0.5, flip: true, shift: 1 }
architecture: { stages: [1, 1], width: 8, stem: { kernel: 3, stride: 2, pool: false } }
quantize: { bits: 0.56 }
train: { epochs: 2, batch: 10, learningRate: 0.02, validation: 0.1, threads: 2 }
engine: wasm
verify: { images: 6 }
`;

async function project(): Promise<string> {
  const folder = temporaryFolder();
  await shapeFolder(join(folder, 'photos'));
  writeFileSync(join(folder, 'shapes.yaml'), spec);
  return folder;
}

const run = (folder: string, ...more: string[]) => snn(folder, 'run', 'shapes.yaml', ...more);

describe('snn run on a folder of images', () => {
  it('trains, packs, proves and evaluates, and the next time reuses everything', async () => {
    const folder = await project();
    const first = await run(folder, '--until', 'evaluate', '--json');
    expect(first.stderr).not.toContain('"type":"stage-failed"');
    expect(first.code).toBe(0);
    const { metrics, stages } = JSON.parse(first.stdout);
    expect(metrics.evaluate['test accuracy'].unit).toBe('% of 15 images');
    expect(metrics.evaluate['test accuracy'].value).toBeGreaterThan(60);
    expect(metrics.evaluate['verified bit for bit'].value).toBe(6);
    const { digest } = stages.find(({ name }: { name: string }) => name === 'refine');

    const again = JSON.parse((await run(folder, '--until', 'evaluate', '--json')).stdout);
    expect(again.stages.filter(({ cached }: { cached?: boolean }) => cached)).toHaveLength(4);

    const elsewhere = JSON.parse(
      (await run(folder, '--until', 'refine', '--force', '--json')).stdout,
    );
    const same = elsewhere.stages.find(({ name }: { name: string }) => name === 'refine');
    expect(same.digest).toBe(digest);
  });

  it('names the file that is corrupt, or counts it and goes on', async () => {
    const folder = await project();
    const file = join(folder, 'photos/train/disc/3.jpg');
    truncateSync(file, readFileSync(file).length >> 1);
    const stopped = await run(folder, '--until', 'refine');
    expect(stopped.code).toBe(2);
    expect(stopped.stderr).toContain(`${file}: not an image that can be read`);
    expect(stopped.stderr).toContain('next: or go on without such images: data.onCorrupt: skip');

    const skip = ['--set', 'data.onCorrupt=skip', '--until', 'refine', '--json'];
    const went = await run(folder, ...skip);
    expect(went.code).toBe(0);
    expect(went.stderr).toContain('passed over 1 image that cannot be read');
    expect(JSON.parse(went.stdout).metrics.refine['skipped images'].value).toBe(1);
  });

  it('holds the number of classes against the folder before anything runs', async () => {
    const folder = await project();
    const { code, stderr, stdout } = await run(folder, '--set', 'data.classes=4');
    expect(code).toBe(2);
    expect(stderr).toContain(`data.classes is 4, but ${join(folder, 'photos/train')} holds 3`);
    expect(stdout).not.toContain('started');
    const planned = await snn(folder, 'plan', 'shapes.yaml', '--cost', '--set', 'data.path=gone');
    expect(planned.code).toBe(0);
  });
});

it('snn run on an ImageNet that is not there says where it looked and what it expects', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'net.yaml'),
    spec.replace(/set: folder[\s\S]*classes: 3/, 'set: imagenet'),
  );
  const { code, stderr } = await snn(folder, 'run', 'net.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(/data set imagenet .* looked in .*imagenet/);
  expect(stderr).toContain('train/<wnid>/*.JPEG and val/<wnid>/*.JPEG');
});
