import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { dataSets } from '../../src/data/sets.js';
import { type PresetName, presets } from '../../src/spec/architectures.js';
import { binaryQuantization } from '../../src/spec/binary.js';
import { loadSpec } from '../../src/spec/load.js';
import { fieldAt } from '../../src/spec/schema.js';
import { noRuns } from '../../src/spec/teacher.js';
import { loadSweep } from '../../src/sweep/open.js';
import { packageFile } from '../../src/util/paths.js';

const folder = packageFile('configs');
const configs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);

it.each(configs)('%s loads, and editors find its schema', async (name) => {
  const file = join(folder, name);
  const { name: specName } = name.startsWith('sweeps')
    ? await loadSweep(file, [], noRuns, false)
    : (await loadSpec(file)).spec;
  expect(specName).not.toBe('');
  const schema = /^# yaml-language-server: \$schema=(.+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
  expect(resolve(dirname(file), schema ?? '')).toBe(packageFile('src/spec/schema.json'));
});

it('holds the four published settings of ResNet-18', async () => {
  const settings = ['1', '0.67', '0.56', '0.44'].map(async (bits) => {
    const { spec } = await loadSpec(join(folder, `imagenet/resnet18-${bits}bit.yaml`));
    return [spec.name, binaryQuantization(spec).tau, spec.architecture.stages];
  });
  expect(await Promise.all(settings)).toEqual([
    ['resnet18-1bit', 9, [4, 4, 4, 4]],
    ['resnet18-0.67bit', 6, [4, 4, 4, 4]],
    ['resnet18-0.56bit', 5, [4, 4, 4, 4]],
    ['resnet18-0.44bit', 4, [4, 4, 4, 4]],
  ]);
});

it('holds the same settings for CIFAR-10, with the stem that suits 32x32 images', async () => {
  const names = ['cifar10/resnet18-1bit', 'cifar10/resnet18-0.67bit', 'resnet18-0.56bit'];
  const settings = [...names, 'cifar10/resnet18-0.44bit'].map(async (name) => {
    const { spec } = await loadSpec(join(folder, `${name}.yaml`));
    return [spec.name, spec.data.set, binaryQuantization(spec).tau, spec.architecture.stem];
  });
  const stem = { kernel: 3, stride: 1, pool: false };
  expect(await Promise.all(settings)).toEqual([
    ['cifar10-resnet18-1bit', 'cifar10', 9, stem],
    ['cifar10-resnet18-0.67bit', 'cifar10', 6, stem],
    ['cifar10-resnet18-0.56bit', 'cifar10', 5, stem],
    ['cifar10-resnet18-0.44bit', 'cifar10', 4, stem],
  ]);
});

it.each(['resnet20', 'vgg-small'])('holds %s for CIFAR-10, and its 1-bit sibling', async (name) => {
  const load = (bits: string) => loadSpec(join(folder, `cifar10/${name}-${bits}bit.yaml`));
  const [{ spec: subBit }, { spec: oneBit }] = await Promise.all(['0.56', '1'].map(load));
  expect(subBit).toMatchObject({ name: `cifar10-${name}-0.56bit`, quantize: { tau: 5 } });
  expect(oneBit).toEqual({
    ...subBit,
    name: `cifar10-${name}-1bit`,
    quantize: { ...subBit.quantize, tau: 9 },
  });
  expect(subBit.architecture).toMatchObject({ stages: presets[name as PresetName].stages });
});

it('has one list of presets and of data sets, in the schema and in the code', () => {
  expect(fieldAt(['architecture', 'preset'])?.enum).toEqual(Object.keys(presets));
  expect(fieldAt(['architecture'])?.anyOf?.[0]?.enum).toEqual(Object.keys(presets));
  expect(fieldAt(['data', 'set'])?.enum).toEqual([...Object.keys(dataSets), 'folder']);
});
