import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { specDigest } from '../../src/spec/digest.js';
import { loadSpec } from '../../src/spec/load.js';

const config = (name: string) => fileURLToPath(new URL(`../../configs/${name}`, import.meta.url));
const digestOf = async (name: string, ...set: string[]) =>
  specDigest((await loadSpec(config(name), set)).spec);

it('a spec has a digest of its own, wherever it runs', async () => {
  const quickstart = await digestOf('quickstart.yaml');
  expect(quickstart).toMatch(/^[0-9a-f]{64}$/);
  for (const same of [
    'train.threads=3',
    'device.seed=7',
    'data.path=/somewhere',
    'train.warmup=0',
  ]) {
    expect(await digestOf('quickstart.yaml', same), same).toBe(quickstart);
  }
  for (const other of ['train.epochs=9', 'seed=5', 'quantize.tau=4', 'name=x', 'engine=wasm']) {
    expect(await digestOf('quickstart.yaml', other), other).not.toBe(quickstart);
  }
});

it('and so has one whose teacher lies elsewhere', async () => {
  const { spec } = await loadSpec(config('fashion/distilled-0.56bit.yaml'), []);
  const { distill } = spec.train;
  if (distill === null) throw new Error('it has no teacher');
  const taught = (teacher: Partial<typeof spec>) =>
    specDigest({
      ...spec,
      train: {
        ...spec.train,
        distill: { ...distill, teacher: { ...distill.teacher, ...teacher } },
      },
    });
  expect(taught({ data: { ...distill.teacher.data, path: '/elsewhere' } })).toBe(specDigest(spec));
  expect(taught({ seed: 99 })).not.toBe(specDigest(spec));
});
