import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTrained } from '../model/trained-file.js';
import { latentsOf } from '../nn/pretrained.js';
import type { Metric, Metrics } from '../pipeline/events.js';
import { defineStage, type Inputs, type StageContext, type StageOf } from '../pipeline/stage.js';
import { binaryQuantization, isBinary, isSubBit } from '../spec/binary.js';
import { networkShape } from '../spec/shape.js';
import { twinOf } from '../spec/twin.js';
import type { BinaryQuantizeSpec, Spec } from '../spec/types.js';
import { kernelCount } from '../subbit/kernels.js';
import { demandOf } from '../subbit/replacement.js';
import { frequentSubset, membersOf, representativeCount, sampleSubset } from '../subbit/subset.js';
import { encodeSubsets } from '../subbit/subset-file.js';
import { tauOfLayer } from '../subbit/tau.js';
import { stream } from '../util/random.js';

type Slice = Pick<Spec, 'seed'> &
  Pick<BinaryQuantizeSpec, 'tau' | 'subset'> & {
    /** Names of the binary layers. */
    readonly blocks: readonly string[];
  };

/** How often a layer uses each of the 512 kernels, by block name. */
type Demand = ReadonlyMap<string, Uint32Array>;

/**
 * Chooses the first subset of every binary layer, `subsets.json`: drawn from the spec's seed, or the
 * kernels that the pretrained latents, without them the 1-bit twin, use most.
 */
export const sample = defineStage({
  name: 'sample',
  version: 1,
  needs: [],
  borrows: frequencySource,
  skip: (spec) => (isBinary(spec) ? null : 'quantize.binarize is none'),
  reads: (spec): Slice => {
    const { tau, subset } = binaryQuantization(spec);
    const blocks = networkShape(spec).blocks.map(({ name }) => name);
    return { seed: spec.seed, blocks, tau, subset };
  },
  run: choose,
});

/** Whose use of the kernels counts; nobody's where all 512 are taken, or members are drawn. */
function frequencySource(spec: Spec): Record<string, StageOf> {
  if (!isSubBit(spec) || spec.quantize.subset.sampling === 'uniform') return {};
  return spec.train.pretrain === null
    ? { twin: { spec: twinOf(spec), stage: 'refine' } }
    : { pretrained: { spec, stage: 'pretrain' } };
}

async function choose({ spec, inputs, out }: StageContext<Slice>): Promise<Metrics> {
  const { seed, blocks, tau, subset } = spec;
  const { structure } = subset;
  const demand = await demandIn(inputs);
  const taus = blocks.map((block) => tauOfLayer(tau, block));
  const chosen = blocks.map((block, i) => {
    if (demand === null) return sampleSubset(taus[i], structure, stream(seed, 'sample', block));
    const uses = demand.get(block);
    if (!uses) throw new Error(`nothing is known of the kernels of ${block}`);
    return frequentSubset(taus[i], structure, uses);
  });
  const byBlock = new Map(blocks.map((block, i) => [block, chosen[i]]));
  await writeFile(join(out, 'subsets.json'), encodeSubsets(byBlock));

  const counted = (value: number, unit: string): Metric => ({ value, unit, kind: 'counted' });
  const mean = (of: (tau: number) => number) =>
    taus.reduce((sum, bits) => sum + of(bits), 0) / taus.length;
  return {
    layers: counted(blocks.length, 'layers'),
    'subset members': counted(
      mean((bits) => 2 ** bits),
      'kernels',
    ),
    [demand === null ? 'drawn kernels' : 'chosen kernels']: counted(
      mean((bits) => representativeCount(bits, structure)),
      'a layer',
    ),
    ...(demand && { 'use covered': counted(coverage(byBlock, demand), '% of all kernels') }),
  };
}

/** The use that the borrowed network makes of the kernels; null: none was borrowed. */
async function demandIn({ pretrained, twin }: Inputs): Promise<Demand | null> {
  if (pretrained) {
    const latents = latentsOf(await readFile(join(pretrained.path, 'pretrained.safetensors')));
    return new Map([...latents].map(([block, values]) => [block, demandOf(values)]));
  }
  if (!twin) return null;
  const { shape, blocks } = decodeTrained(await readFile(join(twin.path, 'trained.safetensors')));
  return new Map(
    blocks.map(({ conv }, i) => {
      if (conv.kind === 'real') throw new Error('the 1-bit twin is not binary');
      const uses = new Uint32Array(kernelCount);
      for (const index of conv.indices) uses[conv.members[index]]++;
      return [shape.blocks[i].name, uses];
    }),
  );
}

/** Percentage of all kernels, over all layers, that are members of their layer's subset. */
function coverage(
  subsets: ReadonlyMap<string, Parameters<typeof membersOf>[0]>,
  demand: Demand,
): number {
  let covered = 0;
  let all = 0;
  for (const [block, subset] of subsets) {
    const uses = demand.get(block) ?? new Uint32Array(kernelCount);
    for (const code of membersOf(subset)) covered += uses[code];
    all += uses.reduce((sum, n) => sum + n, 0);
  }
  return (100 * covered) / all;
}
