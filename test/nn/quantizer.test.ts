import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseMembers } from '../../src/nn/quantizer/members.js';
import { chooseMembers as chooseInTypeScript } from '../../src/subbit/quantize.js';
import { sampleSubset } from '../../src/subbit/subset.js';
import { stream } from '../../src/util/random.js';
import { structures, taus } from '../support/kernels.js';
import { gridValues, normals } from '../support/numbers.js';

/** Latents of full precision, and latents on a grid, among whose members there are ties. */
const latentsOf = fc.constantFrom(
  (count: number, seed: number) => normals(count, seed),
  gridValues,
  (count: number) => new Float32Array(count),
);

test('the quantiser in WebAssembly chooses what the one in TypeScript chooses', () => {
  fc.assert(
    fc.property(
      taus,
      structures,
      fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(511, 512, 513, 1100)),
      latentsOf,
      fc.nat(),
      (tau, structure, kernels, make, seed) => {
        const subset = sampleSubset(tau, structure, stream(seed, 'sample'));
        const latents = make(9 * kernels, seed);
        const before = Uint16Array.from({ length: kernels }, (_, i) => (i + seed) % 2 ** tau);
        const [expected, found] = [before.slice(), before.slice()];
        const changed = chooseInTypeScript(latents, subset, expected);
        expect(chooseMembers(latents, subset, found)).toBe(changed);
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});
