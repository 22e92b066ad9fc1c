import { expect, test } from 'vitest';
import { readCheckpoint } from '../../src/import/checkpoint.js';
import { birealnet } from '../../src/import/key-map.js';
import { networkOf } from '../../src/import/network.js';
import { foundSubset, withinSubset } from '../../src/import/subset.js';
import { scaledTrace } from '../../src/model/float-reference.js';
import { authorsCheckpoint } from '../support/authors-checkpoint.js';

const { zip, input, logits } = authorsCheckpoint();

/** The network for images that are given as they enter it. */
const map = { ...birealnet, input: { mean: [0, 0, 0], std: [1, 1, 1] } };
const about = { file: 'zip', network: 'birealnet', map, stages: null, image: 64 };

/** Image `i` of [images, 3, 64, 64] as [64, 64, 3]. */
function channelsLast(images: Float32Array, i: number): Float64Array {
  const plane = 64 * 64;
  return Float64Array.from({ length: 3 * plane }, (_, j) => {
    return images[i * 3 * plane + (j % 3) * plane + Math.floor(j / 3)];
  });
}

test('the float reference computes what the authors’ modules compute in PyTorch', () => {
  const { tensors } = readCheckpoint(zip, 'zip');
  const network = networkOf(tensors, about, ({ outputs }, latents, subset) =>
    withinSubset(latents, outputs, foundSubset(subset ?? new Float32Array())),
  );
  expect(network.shape.blocks.map(({ conv }) => conv.output)).toEqual([
    { height: 16, width: 16, channels: 64 },
    { height: 8, width: 8, channels: 128 },
    { height: 4, width: 4, channels: 256 },
    { height: 2, width: 2, channels: 512 },
  ]);
  expect(network.blocks.map(({ conv }) => conv.tau)).toEqual([5, 5, 5, 5]);
  for (const i of [0, 1]) {
    const values = channelsLast(input, i);
    const found = scaledTrace(network, { shape: network.shape.input, values }).at(-1)?.values ?? [];
    const expected = logits.subarray(10 * i, 10 * i + 10);
    const gaps = Array.from(expected, (logit, k) => Math.abs(logit - found[k]));
    expect(Math.max(...gaps)).toBeLessThan(1e-4);
  }
});
