import { type Architecture, layOut } from '../model/network.js';
import type { PackedBinaryConv, PackedInput, PackedModel } from '../model/packed.js';
import { randomModel } from '../model/random.js';
import { permutation, type RandomStream, stream } from '../util/random.js';
import { pick } from './mutate.js';

/** A subset of any size and structure, and indices that use it more or less evenly. */
function anyConv(pairs: number, random: RandomStream): PackedBinaryConv {
  const tau = 1 + random.below(9);
  const structure = tau < 9 && random.below(2) === 0 ? 'antipodal' : 'free';
  const [count, of] = structure === 'antipodal' ? [2 ** (tau - 1), 256] : [2 ** tau, 512];
  const stored = Uint16Array.from(permutation(of, random).subarray(0, count)).sort();
  const twins = structure === 'antipodal' ? stored.map((code) => 511 - code) : [];
  const reach = pick([2 ** tau, 2 ** tau, Math.ceil(2 ** tau / 8)], random);
  return {
    tau,
    structure,
    members: Uint16Array.from([...stored, ...twins]),
    indices: Uint16Array.from({ length: pairs }, () => random.below(reach)),
  };
}

/** The same input with 0 beyond its edge. */
function zeroPadded(input: PackedInput): PackedInput {
  return input.activations === 'binary' ? { ...input, padding: 'zero' } : input;
}

/** A small packed model of either family, with either padding, in any version of the format. */
export function smallModel(seed: number, index: number): PackedModel {
  const random = stream(seed, 'fuzz models', index);
  const architecture: Architecture = {
    family: index % 2 === 0 ? 'bireal' : 'vgg',
    ...(index % 8 === 0
      ? { stages: [1], width: 24 }
      : { stages: [1 + random.below(2), random.below(2), 1], width: 1 + random.below(6) }),
    stem: {
      kernel: random.below(4) === 0 ? 7 : 3,
      stride: random.below(2) === 0 ? 1 : 2,
      pool: random.below(2) === 0,
    },
  };
  const side = () => 1 + random.below(9);
  const image = { height: side(), width: side(), channels: 1 + random.below(3) };
  const shape = layOut(architecture, image, 1 + random.below(4));
  const activations = index % 3 === 0 ? 'real' : 'binary';
  const plain = randomModel(shape, { tau: 3, structure: 'free', activations }, seed);
  const origin = {
    spec: '0'.repeat(64),
    figures: { accuracy: { value: random.uniform(), unit: '%', kind: 'measured' } },
  } as const;
  return {
    ...plain,
    blocks: plain.blocks.map((block) => ({
      ...block,
      input: index % 5 === 0 ? zeroPadded(block.input) : block.input,
      conv: anyConv(block.conv.indices.length, random),
    })),
    provenance: { ...plain.provenance, origin: random.below(3) === 0 ? null : origin },
  };
}
