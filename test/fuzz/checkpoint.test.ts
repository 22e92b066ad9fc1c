import { expect, test } from 'vitest';
import { checkpoint } from '../../src/fuzz/checkpoint.js';
import { fuzz } from '../../src/fuzz/target.js';
import { Failure } from '../../src/util/failure.js';

test('spoiled checkpoints are read or refused with the byte, in little time and memory', () => {
  const { files, accepted, reasons, problems } = fuzz(checkpoint, 1, 4000);
  expect(problems).toEqual([]);
  expect(accepted).toBeGreaterThan(0.02 * files);
  expect(accepted).toBeLessThan(0.5 * files);
  expect(reasons.size).toBeGreaterThan(50);
});

test('a reader that does not do so is found out', () => {
  const kept: Uint8Array[] = [];
  const readers = [
    () => {
      throw new RangeError('out of memory');
    },
    () => {
      throw new Failure('input', 'damaged');
    },
    (bytes: Uint8Array) => {
      throw new Failure('input', `damaged (byte ${bytes.length + 1})`);
    },
    () => kept.push(new Uint8Array(2 ** 24)),
  ];
  for (const read of readers) {
    const { problems } = fuzz({ ...checkpoint, read }, 1, 3);
    expect(problems.map(({ index }) => index)).toEqual([0, 1, 2]);
  }
});
