import { describe, expect, it } from 'vitest';
import { modelViolation } from '../../src/model/bounds.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork } from '../../src/model/network.js';
import { inputConstants, type PackedBlock, type PackedModel } from '../../src/model/packed.js';
import { randomModel } from './networks.js';

const model = randomModel({
  seed: 5,
  mood: 'packed',
  shape: birealNetwork(
    { stages: [1, 1], width: 4, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 6, width: 5, channels: 1 },
    3,
  ),
  taus: [3, 4],
  structures: ['free', 'antipodal'],
});

/** The model with its second block, the one with a shortcut, changed. */
function withBlock(change: (block: PackedBlock) => Partial<PackedBlock>): PackedModel {
  const [first, second] = model.blocks;
  return { ...model, blocks: [first, { ...second, ...change(second) }] };
}

function withMembers(change: (members: Uint16Array) => void): PackedModel {
  return withBlock(({ conv }) => {
    const members = conv.members.slice();
    change(members);
    return { conv: { ...conv, members } };
  });
}

function withRequantizer(change: Partial<PackedBlock['requantizer']>): PackedModel {
  return withBlock(({ requantizer }) => ({ requantizer: { ...requantizer, ...change } }));
}

const outputs = 8;
const { stem, classifier, shape } = model;

const spoiled: [string, PackedModel, string, RegExp][] = [
  ['a preShift that is too large', withRequantizer({ preShift: 16 }), 'stage1.block0', /preShift/],
  ['a shift of 0', withRequantizer({ shift: 0 }), 'stage1.block0', /shift 0/],
  ['a shift of 25', withRequantizer({ shift: 25 }), 'stage1.block0', /shift 25/],
  [
    'a multiplier of -32768',
    withRequantizer({ multiplier: new Int16Array(outputs).fill(-32768) }),
    'stage1.block0',
    /multiplier -32768 of channel 0/,
  ],
  [
    'a bias that overflows with its rounding',
    withRequantizer({ shift: 24, bias: new Int32Array(outputs).fill(2 ** 30 - 2 ** 23 + 1) }),
    'stage1.block0',
    /bias \d+ of channel 0/,
  ],
  [
    'a negative bias that overflows',
    withRequantizer({ shift: 1, bias: new Int32Array(outputs).fill(-(2 ** 30)) }),
    'stage1.block0',
    /bias -\d+ of channel 0/,
  ],
  [
    'stem sums wider than 16 bits',
    {
      ...model,
      stem: {
        weight: new Int16Array(stem.weight.length).fill(127),
        requantizer: { ...stem.requantizer, preShift: 0 },
      },
    },
    'stem',
    /do not fit 16 bits/,
  ],
  [
    'thresholds of the wrong number',
    withBlock(() => ({
      input: { activations: 'binary', threshold: new Int16Array(3), padding: 'minus-one' },
    })),
    'stage1.block0',
    /thresholds or shifts of the input do not match/,
  ],
  [
    'blocks of different activations',
    withBlock(({ input }) => ({
      input: { activations: 'real', shift: inputConstants(input) },
    })),
    'stage1.block0',
    /does not see binary activations/,
  ],
  [
    'logits wider than 32 bits',
    { ...model, classifier: { ...classifier, bias: new Int32Array(3).fill(2 ** 31 - 1) } },
    'classifier',
    /class 0 may not fit 32 bits/,
  ],
  [
    'coinciding members',
    withMembers((m) => {
      m[1] = m[0];
      m[9] = m[8];
    }),
    'stage1.block0',
    /member 1 is not in ascending order/,
  ],
  [
    'members that are no complements',
    withMembers((m) => {
      m[8] ^= 1;
    }),
    'stage1.block0',
    /not the complement/,
  ],
  [
    'an index beyond the subset',
    withBlock(({ conv }) => ({
      conv: { ...conv, indices: new Uint16Array(conv.indices.length).fill(16) },
    })),
    'stage1.block0',
    /index 16 names none/,
  ],
  ['a lacking shortcut', withBlock(() => ({ shortcut: null })), 'stage1.block0', /shortcut/],
  ['a lacking block', { ...model, blocks: model.blocks.slice(1) }, 'blocks', /1 instead of 2/],
  ['a lacking class name', { ...model, classes: ['a', 'b'] }, 'classifier', /names/],
  ['too many fraction bits', { ...model, fractionBits: 15 }, 'activations', /fraction bits/],
  ['no scale', { ...model, classifier: { ...classifier, scale: 0 } }, 'classifier', /scale/],
  [
    'an image that is too large',
    { ...model, shape: { ...shape, input: { ...shape.input, height: 1025 } } },
    'image',
    /sides/,
  ],
];

describe('bounds of the arithmetic', () => {
  it('hold for a packed model', () => {
    expect(modelViolation(model)).toBeNull();
  });

  it('allow their very ends', () => {
    const ends = withRequantizer({
      shift: 24,
      multiplier: Int16Array.from({ length: outputs }, (_, i) => (i % 2 ? 32767 : -32767)),
      bias: Int32Array.from({ length: outputs }, (_, i) => (i % 2 ? 1 : -1) * (2 ** 30 - 2 ** 23)),
    });
    expect(modelViolation(ends)).toBeNull();
  });

  it('leave sums of int16 activations to saturation', () => {
    const blocks = model.blocks.map(
      (block): PackedBlock => ({
        ...block,
        input: { activations: 'real', shift: inputConstants(block.input) },
        requantizer: { ...block.requantizer, preShift: 0 },
      }),
    );
    expect(modelViolation({ ...model, blocks })).toBeNull();
  });

  it.each(spoiled)('refuse %s, and so does the writer', (_, bad, where, what) => {
    expect(modelViolation(bad)).toEqual({ where, what: expect.stringMatching(what) });
    expect(() => encodeModel(bad)).toThrow(what);
  });
});
