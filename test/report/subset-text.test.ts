import { describe, expect, test } from 'vitest';
import { subsetText } from '../../src/report/subset-text.js';
import { useMap } from '../../src/report/use-map.js';
import type { SubsetRecord } from '../../src/subbit/record.js';

const quiet: SubsetRecord = {
  layer: 'stage0.block0',
  tau: 2,
  structure: 'free',
  use: [5, 5, 5, 5],
  entropy: 2,
  changed: 1,
  flipped: 0,
  replaced: 0,
  drifted: 0,
  distance: 0,
};
const busy: SubsetRecord = {
  ...quiet,
  layer: 'stage1.block0',
  tau: 3,
  use: [60, 0, 0, 0, 0, 0, 0, 0],
  entropy: 0,
  changed: 15,
  flipped: 7,
  replaced: 3,
  drifted: 4,
  distance: 1.5,
};

describe('the use of a subset', () => {
  test('is shaded against an even share', () => {
    expect(useMap([0, 1, 4, 8, 19, 8, 8, 16])).toBe('·░▒▓█▓▓█');
  });

  test('is 64 characters wide at most, each the mean of its members', () => {
    const use = Array.from({ length: 512 }, (_, i) => (i < 8 ? i : i < 16 ? 0 : 10));
    const map = useMap(use);
    expect(map).toHaveLength(64);
    expect(map.slice(0, 3)).toBe('░·▓');
    expect(useMap(new Array(512).fill(0))).toBe('·'.repeat(64));
  });
});

describe('the subsets of a run', () => {
  const text = subsetText('run-1', [
    { epoch: 1, layers: [busy, busy] },
    { epoch: 2, layers: [quiet, busy] },
  ]);
  const rowOf = (start: RegExp) => {
    const line = text.split('\n').find((candidate) => start.test(candidate)) ?? '';
    return line.trim().split(/ {2,}/);
  };

  test('by layer behind the last epoch', () => {
    const head = ['stage0.block0', '2', 'free', '4 of 4', '2.00', '5.0 %'];
    expect(rowOf(/^stage0\.block0 /)).toEqual([...head, '0', '0', '0', '0.00']);
    expect(rowOf(/^stage1\.block0 /).slice(3, 6)).toEqual(['1 of 8', '0.00', '25.0 %']);
  });

  test('by epoch over all layers, means by kernels and by members', () => {
    expect(rowOf(/^ *1 /)).toEqual(['1', '0.00', '25.0 %', '14', '6', '8', '1.50']);
    expect(rowOf(/^ *2 /)).toEqual(['2', '0.50', '20.0 %', '7', '3', '4', '1.00']);
  });
});
