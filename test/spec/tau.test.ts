import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { binaryQuantization } from '../../src/spec/binary.js';
import { loadSpec } from '../../src/spec/load.js';
import { renderSpec } from '../../src/spec/render.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

const rest = { name: 'map', data: { set: 'mnist' }, architecture: 'bireal6' };

function write(folder: string, name: string, content: object): string {
  const file = join(folder, name);
  writeFileSync(file, stringify(content));
  return file;
}

async function tauOf(tau: unknown, ...overrides: string[]) {
  const file = write(temporaryFolder(), 'map.yaml', { ...rest, quantize: { tau } });
  return binaryQuantization((await loadSpec(file, overrides)).spec).tau;
}

async function problemOf(tau: unknown): Promise<string> {
  const file = write(temporaryFolder(), 'map.yaml', { ...rest, quantize: { tau } });
  return (await failureOf(() => loadSpec(file))).message;
}

describe('tau by layer', () => {
  test('is that of the first pattern that matches', async () => {
    expect(await tauOf({ 'stage0.*': 6, 'stage*.block1': 4, '*': 5 })).toEqual({
      'stage0.block0': 6,
      'stage0.block1': 6,
      'stage1.block0': 5,
      'stage1.block1': 4,
      'stage2.block0': 5,
      'stage2.block1': 4,
    });
  });

  test('is one number where all layers have the same', async () => {
    expect(await tauOf({ 'stage0.*': 5, '*': 5 })).toBe(5);
    expect(await tauOf({ '*': 9 })).toBe(9);
  });

  test('replaces an inherited map as a whole, through extends and through --set', async () => {
    const folder = temporaryFolder();
    write(folder, 'base.yaml', { ...rest, quantize: { tau: { '*': 3 } } });
    const over = { extends: 'base.yaml', quantize: { tau: { 'stage2.*': 4, '*': 6 } } };
    const file = write(folder, 'over.yaml', over);
    const inherited = binaryQuantization((await loadSpec(file)).spec).tau;
    expect(inherited).toMatchObject({ 'stage0.block0': 6, 'stage2.block1': 4 });
    expect(await tauOf({ '*': 3 }, 'quantize.tau={"*0": 7, "*": 8}')).toMatchObject({
      'stage1.block0': 7,
      'stage1.block1': 8,
    });
    expect(await tauOf({ '*0': 3, '*': 4 }, 'quantize.bits=0.56')).toBe(5);
  });

  test('takes dots and brackets in patterns literally', async () => {
    expect(await problemOf({ stage0_block0: 4, 'stage[0-9].*': 4, '*': 5 })).toContain(
      '"stage0_block0" in quantize.tau matches no layer',
    );
    expect(await problemOf({ stage0xblock0: 4, '*': 5 })).toContain('matches no layer');
  });

  test('is written out as a spec that means the same', async () => {
    const folder = temporaryFolder();
    const tau = { 'stage1.block0': 4, '*': 6 };
    const { spec } = await loadSpec(write(folder, 'a.yaml', { ...rest, quantize: { tau } }));
    writeFileSync(join(folder, 'b.yaml'), renderSpec(spec));
    expect((await loadSpec(join(folder, 'b.yaml'))).spec).toEqual(spec);
  });
});

describe('a map of tau that is wrong is told where it stands', () => {
  test('a pattern that matches no layer', async () => {
    const message = await problemOf({ 'stage0.*': 6, 'stage3.*': 4, '*': 5 });
    expect(message).toContain('map.yaml:8:15: "stage3.*" in quantize.tau matches no layer');
    expect(message).toContain('the layers are stage0.block0, stage0.block1, stage1.block0');
  });

  test('layers without a tau', async () => {
    const message = await problemOf({ 'stage0.*': 6, 'stage1.*': 4 });
    expect(message).toMatch(
      /map\.yaml:6:3: quantize\.tau has nothing for stage2\.block0 and 1 more/,
    );
    expect(await problemOf({})).toContain('has nothing for stage0.block0 and 5 more');
  });

  test('a value out of range, or of another kind', async () => {
    const message = await problemOf({ 'stage0.*': 10, '*': 5 });
    expect(message).toContain('must be a whole number from 1 to 9, not 10');
    expect(message).toContain('map.yaml:7:15');
    expect(await problemOf('five')).toContain(
      'must be a whole number from 1 to 9 or a map of names to a whole number from 1 to 9',
    );
  });
});
