import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { legacyCheckpoint, type SavedTensor } from '../../src/fuzz/torch-files.js';
import { readCheckpoint } from '../../src/import/checkpoint.js';
import { birealnet, keyAt } from '../../src/import/key-map.js';
import { type Binarize, networkOf, type Wanted } from '../../src/import/network.js';
import { asSigns, foundSubset, withinSubset } from '../../src/import/subset.js';
import { floatTrace, scaledTrace } from '../../src/model/float-reference.js';
import { birealNetwork } from '../../src/model/network.js';
import { encodeTrained } from '../../src/model/trained-file.js';
import { randomImages, randomTrained } from '../model/networks.js';
import { stateDictOf } from '../support/authors-network.js';
import { failureOf } from '../support/failure.js';

const wanted: Wanted = {
  file: 'net.pth',
  network: 'birealnet',
  map: birealnet,
  stages: null,
  image: 16,
};

const binarize: Binarize = ({ outputs }, latents, subset) =>
  subset ? withinSubset(latents, outputs, foundSubset(subset)) : asSigns(latents, outputs);

function read(tensors: ReadonlyMap<string, SavedTensor>, about: Partial<Wanted> = {}) {
  const { tensors: found } = readCheckpoint(legacyCheckpoint(tensors), 'net.pth');
  return networkOf(found, { ...wanted, ...about }, binarize);
}

/** A small network of the authors' form. */
function smallNetwork(
  seed: number,
  stages: readonly number[],
  taus: readonly number[],
  kernel: 3 | 7,
) {
  const shape = birealNetwork(
    { stages, width: 3, stem: { kernel, stride: 2, pool: true } },
    { height: 16, width: 16, channels: 3 },
    4,
  );
  const structures = taus.map(() => 'free' as const);
  const network = randomTrained({ seed, shape, taus, structures });
  return {
    ...network,
    padding: 'zero' as const,
    classes: ['0', '1', '2', '3'],
    blocks: network.blocks.map((block) => ({
      ...block,
      conv: { ...block.conv, alpha: block.conv.alpha.map(Math.abs) },
    })),
  };
}

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i], 5);
}

const small = smallNetwork(7, [1, 1], [3, 4], 7);

test('a network comes back out of the state dict that the authors’ modules would save', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
      fc.constantFrom<3 | 7>(3, 7),
      (seed, stages, taus, kernel) => {
        const network = smallNetwork(seed, stages, taus, kernel);
        const { zero, scale } = network.input;
        const input = { mean: zero.map((z) => z / 255), std: scale.map((s) => s / 255) };
        const found = read(stateDictOf(network), { map: { ...birealnet, input } });
        expect(found.shape).toEqual(network.shape);
        expect(found.blocks.map(({ conv }) => conv.tau)).toEqual(
          taus.slice(0, found.blocks.length),
        );
        // Alphas and scales are means and quotients: equal but for their last bit.
        const alike = {
          ...found,
          input: network.input,
          stem: { ...found.stem, norm: { ...found.stem.norm, mean: network.stem.norm.mean } },
          blocks: found.blocks.map((block, i) => ({
            ...block,
            conv: { ...block.conv, alpha: network.blocks[i].conv.alpha },
          })),
        };
        expect(Buffer.compare(encodeTrained(alike), encodeTrained(network))).toBe(0);
        for (const [i, { conv }] of found.blocks.entries()) {
          expectClose(conv.alpha, network.blocks[i].conv.alpha);
        }
        expectClose(found.stem.norm.mean, network.stem.norm.mean);
      },
    ),
    { numRuns: 25 },
  );
});

test('whole zeros change nothing but the frame around the image', () => {
  const { mean, std } = birealnet.input;
  const as = (input: typeof birealnet.input) =>
    read(stateDictOf(small), { image: 32, map: { ...birealnet, input } });
  const [whole, exact] = [as({ mean, std }), as({ mean: [0, 0, 0], std: [1, 1, 1] })];
  expect(whole.input).toEqual({ zero: [124, 116, 104], scale: std.map((s) => 255 * s) });
  const image = randomImages(whole.shape, 1, 1);
  const values = Float64Array.from(image, (p, i) => (p / 255 - mean[i % 3]) / std[i % 3]);
  const [ours] = floatTrace(whole, image);
  const [theirs] = scaledTrace(exact, { shape: whole.shape.input, values });
  // A 7x7 convolution and a pooling behind it look three and one beyond the image's edge.
  const { height, width, channels } = ours.shape;
  const gaps = { frame: 0, inside: 0 };
  ours.values.forEach((value, i) => {
    const [row, column] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width];
    const isInside = row > 1 && column > 1 && row < height - 1 && column < width - 1;
    const place = isInside ? 'inside' : 'frame';
    gaps[place] = Math.max(gaps[place], Math.abs(value - theirs.values[i]));
  });
  expect(gaps.inside).toBeLessThan(1e-5);
  expect(gaps.frame).toBeGreaterThan(1e-5);
  expect(gaps.frame).toBeLessThan(0.05);
});

describe('what does not fit is listed, all at once:', () => {
  test('tensors that are missing, of another shape, or too many', async () => {
    const tensors = stateDictOf(small);
    tensors.delete('module.layer1.0.move0.bias');
    tensors.set('module.fc.bias', { shape: [5], values: new Float32Array(5) });
    tensors.set('module.layer2.0.binary_conv.binarize.patterns', {
      shape: [12, 9],
      values: new Float32Array(108),
    });
    tensors.set('module.bn1.weight', { shape: [3], values: BigInt64Array.of(1n, 2n, 3n) });
    tensors.set('module.head\u001b[2J', { shape: [2, 2], values: new Float32Array(4) });
    const failure = await failureOf(() => read(tensors));
    expect(failure.message.split('\n')).toEqual([
      'net.pth: does not fit birealnet of [1, 1] blocks',
      '  missing     layer1.0.move0.bias [3]',
      '  wrong       bn1.weight is of int64, not of floats',
      '  wrong       layer2.0.binary_conv.binarize.patterns is [12, 9], not [2^tau, 9]',
      '  wrong       fc.bias is [5], not [4]',
      '  unexpected  head\ufffd[2J [2, 2]',
    ]);
    expect(failure.next.join('\n')).toContain('--map');
  });

  test('whole blocks, where a network of more is named', async () => {
    const failure = await failureOf(() =>
      read(stateDictOf(small), { stages: [2, 1], network: 'x' }),
    );
    expect(failure.message.split('\n')).toEqual([
      'net.pth: does not fit x of [2, 1] blocks',
      '  missing     stage0.block1: all of its 10 tensors (layer1.1.move0.bias, ...)',
    ]);
  });

  test('nothing of it', async () => {
    const failure = await failureOf(() =>
      read(new Map([['w', { shape: [1], values: Float32Array.of(1) }]])),
    );
    expect(failure.message).toContain('stem: all of its 5 tensors');
    expect(failure.message).toContain('unexpected  w [1]');
  });

  test('a subset of one block where others have theirs', async () => {
    const tensors = stateDictOf(small);
    tensors.delete('module.layer2.0.binary_conv.binarize.patterns');
    const failure = await failureOf(() => read(tensors));
    expect(failure.message).toContain(
      'missing     layer2.0.binary_conv.binarize.patterns [2^tau, 9]',
    );
  });

  test('more than the arithmetic allows', async () => {
    const failure = await failureOf(() => read(stateDictOf(small), { image: 2000 }));
    expect(failure.message).toContain('sides must be 1..1024');
  });
});

test('without subsets a network is one of 1 bit, its kernels the signs', () => {
  const tensors = new Map([...stateDictOf(small)].filter(([name]) => !name.endsWith('patterns')));
  const found = read(tensors);
  found.blocks.forEach(({ conv }, i) => {
    const { members, indices } = small.blocks[i].conv;
    expect(conv.tau).toBe(9);
    expect(Array.from(conv.indices, (index) => conv.members[index])).toEqual(
      Array.from(indices, (index) => members[index]),
    );
  });
});

test('flattened weights and one slope for all channels are what they are in any other shape', () => {
  const tensors = stateDictOf(small);
  const weight = tensors.get('module.layer1.0.binary_conv.weight')?.values ?? new Float32Array();
  tensors.set('module.layer1.0.binary_conv.weight', { shape: [weight.length, 1], values: weight });
  tensors.set('module.layer1.0.prelu.weight', { shape: [1], values: Float32Array.of(0.25) });
  const found = read(tensors);
  expect(found.blocks[0].conv.indices).toEqual(small.blocks[0].conv.indices);
  expect(found.blocks[0].slope).toEqual(new Float32Array(3).fill(0.25));
});

test('members that coincide are filled up with kernels that no latent may choose', () => {
  const row = (...signs: number[]) => signs.map((s) => 0.5 * s);
  const plus = row(1, 1, 1, 1, 1, 1, 1, 1, 1);
  const first = row(1, -1, -1, -1, -1, -1, -1, -1, -1);
  const subset = foundSubset(Float32Array.from([...plus, ...first, ...plus, ...first]));
  expect(subset).toEqual({
    tau: 2,
    members: Uint16Array.of(511, 1, 0, 2),
    distinct: 2,
    doubtful: 0,
  });
  // The nearest of all four would be kernel 0.
  const { indices } = withinSubset(new Float32Array(9).fill(-1), 1, subset);
  expect([...indices]).toEqual([1]);
  const near = Float32Array.of(...plus.slice(0, 7), 9e-4, -9e-4, ...first);
  expect(foundSubset(near)).toMatchObject({ members: Uint16Array.of(255, 1), doubtful: 2 });
});

test('keys of blocks count stages, blocks in a stage, and all blocks', () => {
  const place = { stage: 2, block: 3, index: 11 };
  expect(keyAt('layer{stage+1}.{block/2}.conv{block%2+1}', place)).toBe('layer3.1.conv2');
  expect(keyAt('features.{index}.{index/4%2}', place)).toBe('features.11.0');
});
