import { expect, test } from 'vitest';
import { model } from '../../src/fuzz/model.js';
import { fuzz } from '../../src/fuzz/target.js';
import { readModel } from '../../src/model/container/read.js';
import { Failure } from '../../src/util/failure.js';

test('spoiled models are read within their bounds or refused by place, in little time and memory', () => {
  const { files, accepted, reasons, problems } = fuzz(model, 1, 6000);
  expect(problems).toEqual([]);
  expect(accepted).toBeGreaterThan(0.05 * files);
  expect(accepted).toBeLessThan(0.3 * files);
  expect(reasons.size).toBeGreaterThan(70);
  const deep = [/INDX .* no encoder/, /INDX .* bytes of coded/, /breaks a rule/, /META .* figure/];
  for (const reason of deep)
    expect([...reasons.keys()].some((told) => reason.test(told))).toBe(true);
});

test('a reader that does not do so is found out', () => {
  const kept: unknown[] = [];
  const readers: (typeof model.read)[] = [
    () => {
      throw new RangeError('Invalid typed array length');
    },
    () => {
      throw new Failure('input', 'damaged', ['pack it again']);
    },
    () => {
      throw new Failure('input', 'fuzzed.snn: file is damaged');
    },
    () => {
      kept.push(new Uint8Array(2 ** 22));
      throw new Failure('input', 'fuzzed.snn: file is damaged', ['pack it again']);
    },
  ];
  for (const read of readers) {
    const { problems } = fuzz({ ...model, read }, 1, 3);
    expect(problems.map(({ index }) => index)).toEqual([0, 1, 2]);
  }
});

test('a model that breaks a rule, or that is not what is written, is found out', () => {
  const spoil = (change: (found: ReturnType<typeof readModel>) => ReturnType<typeof readModel>) =>
    fuzz({ ...model, read: (bytes) => change(readModel(bytes, 'fuzzed.snn')) }, 1, 400);
  const faithful = spoil((found) => found);
  expect(faithful.problems).toEqual([]);
  const outOfBounds = spoil((found) => ({ ...found, model: { ...found.model, fractionBits: 15 } }));
  expect(outOfBounds.problems).toHaveLength(faithful.accepted);
  const renamed = spoil((found) => ({
    ...found,
    model: { ...found.model, name: 'much longer'.repeat(99) },
  }));
  expect(renamed.problems).toHaveLength(faithful.accepted);
});
