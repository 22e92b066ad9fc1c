import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleSubset } from '../../src/subbit/subset.js';
import { decodeSubsets, encodeSubsets } from '../../src/subbit/subset-file.js';
import { stream } from '../../src/util/random.js';
import { failureOf } from '../support/failure.js';
import { structures, taus } from '../support/kernels.js';

test('sampled subsets come back from their file as they were', () => {
  const layers = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z.]{1,9}$/), taus, structures), {
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(layers, (drawn) => {
      const subsets = new Map(
        drawn.map(([name, tau, structure]) => [
          name,
          sampleSubset(tau, structure, stream(1, name)),
        ]),
      );
      expect(decodeSubsets(encodeSubsets(subsets))).toEqual(subsets);
    }),
    { numRuns: 30 },
  );
});

describe('a subset file is refused by the name of its block', () => {
  const file = (representatives: unknown, tau: unknown = 1, structure: unknown = 'free') =>
    JSON.stringify({ 'stage0.block0': { tau, structure, representatives } });

  test.each([
    ['a kernel twice', file([7, 7])],
    ['a kernel twice beside enough others', file([7, 7, 8])],
    ['a pair twice in an antipodal subset', file([7, 511 - 7], 2, 'antipodal')],
    ['too few kernels', file([7])],
    ['too many kernels', file([7, 8, 9])],
    ['a kernel of 512', file([7, 512])],
    ['a negative kernel', file([-1, 7])],
    ['a kernel between two', file([7.5, 8])],
    ['no kernels', file(undefined)],
    ['a tau that there is not', file([7, 8], 10)],
    ['a subset of one kernel', file([7], 0)],
    ['a structure that there is not', file([7, 8], 1, 'round')],
  ])('%s', async (_, text) => {
    const failure = await failureOf(() => decodeSubsets(text));
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain('stage0.block0');
  });

  test.each(['', '[', 'null', '7'])('text that is no subset file: %j', async (text) => {
    expect((await failureOf(() => decodeSubsets(text))).kind).toBe('input');
  });
});
