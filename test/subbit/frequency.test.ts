import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frequentSubset, membersOf } from '../../src/subbit/subset.js';
import { decodeSubsets, encodeSubsets } from '../../src/subbit/subset-file.js';
import { structures, taus } from '../support/kernels.js';

/** Uses of the 512 kernels: many of them unused, many alike. */
const demands = fc
  .array(
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 900 })),
    {
      minLength: 512,
      maxLength: 512,
    },
  )
  .map((uses) => Uint32Array.from(uses));

test('holds the kernels that are used most: none outside is used more than any inside', () => {
  fc.assert(
    fc.property(taus, demands, (tau, demand) => {
      const members = [...membersOf(frequentSubset(tau, 'free', demand))];
      expect(new Set(members).size).toBe(2 ** tau);
      expect(members).toEqual(members.toSorted((a, b) => a - b));
      const least = Math.min(...members.map((code) => demand[code]));
      demand.forEach((uses, code) => {
        if (members.includes(code)) return;
        expect(uses).toBeLessThanOrEqual(least);
        // Of equally used kernels those of the lower codes are inside.
        const alike = members.filter((member) => demand[member] === uses);
        expect(Math.max(-1, ...alike)).toBeLessThan(code);
      });
    }),
    { numRuns: 50 },
  );
});

test('of antipodal subsets the pairs count, by the use of both kernels', () => {
  fc.assert(
    fc.property(taus, demands, (tau, demand) => {
      const members = [...membersOf(frequentSubset(tau, 'antipodal', demand))];
      expect(new Set(members).size).toBe(2 ** tau);
      const usesOf = (code: number) => demand[code] + demand[511 - code];
      const least = Math.min(...members.map(usesOf));
      for (let code = 0; code < 256; code++) {
        expect(members.includes(code)).toBe(members.includes(511 - code));
        if (!members.includes(code)) expect(usesOf(code)).toBeLessThanOrEqual(least);
      }
    }),
    { numRuns: 50 },
  );
});

test('with fewer used kernels than members the rest follow by code', () => {
  const demand = new Uint32Array(512);
  demand[300] = 2;
  demand[2] = 1;
  expect([...membersOf(frequentSubset(3, 'free', demand))]).toEqual([0, 1, 2, 3, 4, 5, 6, 300]);
  expect([...frequentSubset(3, 'antipodal', demand).representatives]).toEqual([0, 1, 2, 511 - 300]);
});

test('is a sound subset for its file, whatever the use', () => {
  fc.assert(
    fc.property(taus, structures, demands, (tau, structure, demand) => {
      const subset = frequentSubset(tau, structure, demand);
      expect(decodeSubsets(encodeSubsets(new Map([['a', subset]]))).get('a')).toEqual(subset);
    }),
    { numRuns: 20 },
  );
});
