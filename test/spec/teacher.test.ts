import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadSpec, storedSpec } from '../../src/spec/load.js';
import { renderSpec } from '../../src/spec/render.js';
import type { Spec } from '../../src/spec/types.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

const least = { data: { set: 'mnist' }, architecture: 'bireal6' };
const float = { ...least, name: 'float', quantize: { binarize: 'none' } };
const student = (distill: object) => ({
  ...least,
  name: 'student',
  quantize: { bits: 0.56 },
  train: { distill },
});

function write(folder: string, name: string, content: object): string {
  writeFileSync(join(folder, name), stringify(content));
  return join(folder, name);
}

function teacherIn({ train }: Spec): Spec {
  if (train.distill === null) throw new Error('the spec has no teacher');
  return train.distill.teacher;
}

describe('a teacher', () => {
  test('is found relative to the file that names it, with its own paths and defaults', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'teachers'));
    write(join(folder, 'teachers'), 'float.yaml', {
      ...float,
      data: { set: 'mnist', path: 'digits' },
    });
    write(folder, 'base.yaml', student({ teacher: 'teachers/float.yaml' }));
    mkdirSync(join(folder, 'deep'));
    const file = write(join(folder, 'deep'), 'over.yaml', { extends: '../base.yaml' });
    const { spec } = await loadSpec(file, ['train.distill.temperature=4']);
    expect(spec.train.distill).toMatchObject({ weight: 1, temperature: 4 });
    expect(teacherIn(spec)).toMatchObject({
      name: 'float',
      quantize: { binarize: 'none' },
      data: { path: join(folder, 'teachers/digits') },
      train: { epochs: 10, distill: null },
    });
  });

  test('may have learnt from a teacher of its own', async () => {
    const folder = temporaryFolder();
    write(folder, 'first.yaml', float);
    write(folder, 'second.yaml', { ...student({ teacher: 'first.yaml' }), name: 'second' });
    const { spec } = await loadSpec(
      write(folder, 'third.yaml', student({ teacher: 'second.yaml' })),
    );
    expect(teacherIn(teacherIn(spec)).name).toBe('float');
    const again = write(folder, 'again.yaml', JSON.parse(JSON.stringify(spec)));
    expect((await loadSpec(again)).spec).toEqual(spec);
    expect(await storedSpec(spec, 'a run')).toEqual(spec);
    expect(renderSpec(spec)).toContain('name: second');
  });

  test('may be a run, and is refused where there is no such run', async () => {
    const folder = temporaryFolder();
    const { spec: known } = await loadSpec(write(folder, 'float.yaml', float));
    const file = write(folder, 'student.yaml', student({ teacher: 'float' }));
    const { spec } = await loadSpec(file, [], async (name) => ({ ...known, seed: name.length }));
    expect(teacherIn(spec)).toEqual({ ...known, seed: 5 });
    const failure = await failureOf(() => loadSpec(file));
    expect(failure.message).toMatch(
      /student.yaml:\d+:\d+: the teacher is not to be had: no run float/,
    );
  });

  test('cannot be the spec itself', async () => {
    const folder = temporaryFolder();
    const file = write(folder, 'own.yaml', student({ teacher: 'own.yaml' }));
    const failure = await failureOf(() => loadSpec(file));
    expect(failure.message).toMatch(
      /own.yaml:\d+:\d+: teachers run in a circle: .*own.yaml -> .*own/,
    );
  });

  test('is checked as a spec where it is written out, at its place', async () => {
    const folder = temporaryFolder();
    const file = write(folder, 'student.yaml', student({ teacher: { ...float, seed: -1 } }));
    const failure = await failureOf(() => loadSpec(file));
    expect(failure.message).toMatch(/student.yaml:\d+:\d+: seed must be a whole number/);
  });

  test('can be taken away from an inherited spec', async () => {
    const folder = temporaryFolder();
    write(folder, 'float.yaml', float);
    const file = write(folder, 'student.yaml', student({ teacher: 'float.yaml' }));
    expect((await loadSpec(file, ['train.distill=null'])).spec.train.distill).toBeNull();
  });
});
