import { describe, expect, test } from 'vitest';
import { syntheticImages } from '../../src/import/calibration.js';
import { packedReach } from '../../src/import/reach.js';
import { reestimated } from '../../src/import/reestimate.js';
import { floatTrace, reachOf } from '../../src/model/float-reference.js';
import { type Architecture, layOut } from '../../src/model/network.js';
import { randomTrained } from '../model/networks.js';

const sides = { height: 30, width: 26, channels: 3 };

function networkOf(family: Architecture['family'], seed: number) {
  const stem = { kernel: 3, stride: 1, pool: false } as const;
  const shape = layOut({ family, stages: [1, 2], width: 8, stem }, sides, 4);
  const taus = shape.blocks.map(() => 4);
  const structures = taus.map(() => 'free' as const);
  const activations = taus.map(() => 'zero-padded' as const);
  return randomTrained({ seed, shape, taus, structures, activations });
}

describe.each(['bireal', 'vgg'] as const)('a %s network', (family) => {
  const network = networkOf(family, 5);
  const images = syntheticImages(sides, network.input, 6);

  test('has norms of these images’ own statistics, block by block', async () => {
    const told: number[] = [];
    const renewed = await reestimated(network, images, (done) => told.push(done));
    expect(told).toEqual([1, 2, 3]);
    const traces = images.map((image) => floatTrace(renewed, image));
    renewed.shape.blocks.forEach(({ name }, b) => {
      const { norm, shiftMid } = renewed.blocks[b];
      const maps = traces.map((trace) => trace.find((layer) => layer.name === `${name}.branch`));
      const channels = norm.gamma.length;
      for (let o = 0; o < channels; o++) {
        const normalized = maps.flatMap((map) =>
          Array.from(map?.values ?? [])
            .filter((_, i) => i % channels === o)
            .map((value) => (value - shiftMid[o] - norm.beta[o]) / norm.gamma[o]),
        );
        const mean = normalized.reduce((sum, value) => sum + value, 0) / normalized.length;
        const square = normalized.reduce((sum, value) => sum + value ** 2, 0) / normalized.length;
        expect(Math.abs(mean), `${name} ${o}`).toBeLessThan(0.05);
        expect(Math.abs(square - mean ** 2 - 1), `${name} ${o}`).toBeLessThan(0.1);
      }
    });
    expect(renewed.stem).toBe(network.stem);
  });

  test('reaches as far in the packed runtime as in the float reference', () => {
    const size = sides.height * sides.width * sides.channels;
    const all = new Uint8Array(size * images.length);
    for (const [i, image] of images.entries()) all.set(image, i * size);
    const exact = reachOf(network, all).activations;
    const found = packedReach(network, images);
    expect(found).toBeGreaterThan(0.95 * exact);
    expect(found).toBeLessThan(1.05 * exact);
  });
});

test('a network whose activations need more than the first trial holds is tried with more', () => {
  const network = networkOf('bireal', 6);
  const { stem } = network;
  const gamma = stem.norm.gamma.map((g) => 500 * g);
  const wide = { ...network, stem: { ...stem, norm: { ...stem.norm, gamma } } };
  const images = syntheticImages(sides, network.input, 2);
  expect(packedReach(wide, images)).toBeGreaterThan(600);
});
