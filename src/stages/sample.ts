import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineStage } from '../pipeline/stage.js';
import { binaryQuantization, isBinary } from '../spec/binary.js';
import { networkShape } from '../spec/shape.js';
import { representativeCount, sampleSubset } from '../subbit/subset.js';
import { encodeSubsets } from '../subbit/subset-file.js';
import { tauOfLayer } from '../subbit/tau.js';
import { stream } from '../util/random.js';

/** Draws the subset of every binary layer from the spec's seed: `subsets.json`. */
export const sample = defineStage({
  name: 'sample',
  version: 1,
  needs: [],
  skip: (spec) => (isBinary(spec) ? null : 'quantize.binarize is none'),
  reads: (spec) => {
    const { tau, subset } = binaryQuantization(spec);
    const blocks = networkShape(spec).blocks.map(({ name }) => name);
    return { seed: spec.seed, blocks, tau, subset };
  },
  async run({ spec: { seed, blocks, tau, subset }, out }) {
    const { structure } = subset;
    const taus = blocks.map((block) => tauOfLayer(tau, block));
    const sampled = blocks.map(
      (block, i) =>
        [block, sampleSubset(taus[i], structure, stream(seed, 'sample', block))] as const,
    );
    await writeFile(join(out, 'subsets.json'), encodeSubsets(new Map(sampled)));
    const mean = (of: (tau: number) => number) =>
      taus.reduce((sum, bits) => sum + of(bits), 0) / taus.length;
    const members = mean((bits) => 2 ** bits);
    const drawn = mean((bits) => representativeCount(bits, structure));
    return {
      layers: { value: blocks.length, unit: 'layers', kind: 'counted' },
      'subset members': { value: members, unit: 'kernels', kind: 'counted' },
      'drawn kernels': { value: drawn, unit: 'a layer', kind: 'counted' },
    };
  },
});
