import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelViolation } from '../../src/model/bounds.js';
import {
  type FloatMap,
  floatBlock,
  floatTrace,
  type Reach,
  reachOf,
} from '../../src/model/float-reference.js';
import { birealNetwork } from '../../src/model/network.js';
import { fractionBitsFor, packNetwork } from '../../src/model/pack.js';
import { argmax, referenceLogits, referenceTrace } from '../../src/model/reference.js';
import type { TrainedBinaryNetwork } from '../../src/model/trained.js';
import { Failure } from '../../src/util/failure.js';
import { plansOfAll, randomImages, randomTrained } from './networks.js';

const moderate: Reach = { activations: 8, accumulators: [] };
const provenance = { trained: '', spec: '', tool: '', origin: null };
const shape = birealNetwork(
  { stages: [2, 2, 2], width: 8, stem: { kernel: 3, stride: 2, pool: false } },
  { height: 20, width: 20, channels: 1 },
  10,
);
const taus = [5, 5, 4, 6, 9, 3];
const structures = ['free', 'antipodal', 'free', 'antipodal', 'free', 'antipodal'] as const;
const imageSize = 20 * 20;

function rms(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0) / values.length);
}

/** Real logits of one image: of the float network, and of its packed form. */
function bothLogits(network: TrainedBinaryNetwork, image: Uint8Array, reach: Reach) {
  const model = packNetwork(network, { name: 'n', reach, provenance });
  const float = Array.from(floatTrace(network, image).at(-1)?.values ?? []);
  const packed = Array.from(referenceLogits(model, image), (v) => v * model.classifier.scale);
  return { float, packed };
}

describe('packing', () => {
  it('keeps every bound of the arithmetic for every network', () => {
    fc.assert(
      fc.property(plansOfAll, (plan) => {
        const network = randomTrained(plan);
        const reach = reachOf(network, randomImages(plan.shape, 2, plan.seed));
        const model = packNetwork(network, { name: 'n', reach, provenance });
        expect(modelViolation(model)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the kernel of every pair, whatever the order of the trained subset', () => {
    const network = randomTrained({ seed: 3, shape, taus, structures });
    const model = packNetwork(network, { name: 'n', reach: moderate, provenance });
    for (const [i, { conv }] of network.blocks.entries()) {
      const packed = model.blocks[i].conv;
      const kernels = (c: { members: Uint16Array; indices: Uint16Array }) =>
        Array.from(c.indices, (index) => c.members[index]);
      expect(kernels(packed)).toEqual(kernels(conv));
      expect(packed.members.slice().sort()).toEqual(conv.members.slice().sort());
    }
  });

  it.each([
    ['binary', 0.05],
    ['zero-padded', 0.05],
    ['real', 0.1],
  ] as const)(
    'computes every layer as the float network of %s activations does from the same input, up to rounding',
    (activations, rounding) => {
      const network = randomTrained({
        seed: 4,
        shape,
        taus,
        structures,
        activations: [activations],
      });
      const images = randomImages(shape, 3, 9);
      const reach = reachOf(network, images);
      const model = packNetwork(network, { name: 'n', reach, provenance });
      const unit = 2 ** model.fractionBits;
      const image = images.subarray(0, imageSize);
      const trace = new Map(referenceTrace(model, image).map((layer) => [layer.name, layer]));
      const real = (name: string): FloatMap => {
        const layer = trace.get(name);
        if (!layer) throw new Error(`no layer ${name}`);
        return { shape: layer.shape, values: Float64Array.from(layer.values, (v) => v / unit) };
      };
      const worst = (name: string, expected: FloatMap) =>
        real(name).values.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - expected.values[i])),
          0,
        );
      expect(worst('stem', floatTrace(network, image)[0])).toBeLessThan(0.05);
      shape.blocks.forEach((block, i) => {
        const input = real(i === 0 ? 'stem' : shape.blocks[i - 1].name);
        const output = floatBlock(input, network.blocks[i], block, network).at(-1) ?? input;
        const tolerance = block.shortcut === 'identity' ? 0.005 : rounding;
        expect(worst(block.name, output), block.name).toBeLessThan(tolerance);
      });
    },
  );

  it('gives the logits of a network without binary layers within three per cent', () => {
    const plain = birealNetwork(
      { stages: [], width: 24, stem: { kernel: 7, stride: 2, pool: true } },
      { height: 21, width: 19, channels: 3 },
      5,
    );
    const network = randomTrained({ seed: 2, shape: plain, taus: [], structures: [] });
    const image = randomImages(plain, 1, 2);
    const reach = reachOf(network, image);
    const { float, packed } = bothLogits(network, image, reach);
    expect(rms(float.map((logit, k) => logit - packed[k]))).toBeLessThan(0.03 * rms(float));
  });

  it('gives the logits of a network with real activations within one per cent', () => {
    const network = randomTrained({ seed: 6, shape, taus, structures, activations: ['real'] });
    const images = randomImages(shape, 8, 6);
    const reach = reachOf(network, images);
    for (let from = 0; from < images.length; from += imageSize) {
      const { float, packed } = bothLogits(network, images.subarray(from, from + imageSize), reach);
      expect(rms(float.map((logit, k) => logit - packed[k]))).toBeLessThan(0.01 * rms(float));
    }
  });

  it('reaches as far as the largest magnitudes of activations and of sums', () => {
    const plain = randomTrained({ seed: 8, shape, taus, structures });
    const images = randomImages(shape, 2, 8);
    const { accumulators } = reachOf(plain, images);
    const sums = shape.blocks.map(({ name }) =>
      [0, imageSize].flatMap((from) => {
        const trace = referenceTrace(
          packNetwork(plain, { name: 'n', reach: reachOf(plain, images), provenance }),
          images.subarray(from, from + imageSize),
        );
        return Array.from(trace.find((layer) => layer.name === `${name}.conv`)?.values ?? []);
      }),
    );
    const first = sums[0].reduce((most, sum) => Math.max(most, Math.abs(sum)), 0);
    expect(accumulators).toHaveLength(shape.blocks.length);
    expect(Math.abs(accumulators[0] - first)).toBeLessThanOrEqual(4);
  });

  it('gives logits close to the float network on networks like trained ones', () => {
    // Rounding flips a few signs, each flip is as large as a weight: the bound is on the average.
    const floats: number[] = [];
    const errors: number[] = [];
    let agree = 0;
    let total = 0;
    for (let seed = 0; seed < 4; seed++) {
      const network = randomTrained({ seed, shape, taus, structures });
      const images = randomImages(shape, 12, seed);
      const reach = reachOf(network, images);
      for (let from = 0; from < images.length; from += imageSize) {
        const { float, packed } = bothLogits(
          network,
          images.subarray(from, from + imageSize),
          reach,
        );
        floats.push(...float);
        errors.push(...float.map((logit, k) => logit - packed[k]));
        if (argmax(float) === argmax(packed)) agree++;
        total++;
      }
    }
    expect(rms(errors)).toBeLessThan(0.2 * rms(floats));
    expect(agree / total).toBeGreaterThan(0.85);
  });

  it('leaves activations half as much room again as it has seen them take', () => {
    expect(fractionBitsFor(1)).toBe(14);
    expect(fractionBitsFor(1.5)).toBe(13);
    expect(fractionBitsFor(20000)).toBe(0);
    expect(() => fractionBitsFor(30000)).toThrow(Failure);
    expect(() => fractionBitsFor(Number.NaN)).toThrow(Failure);
  });

  it('refuses a diverged network', () => {
    const network = randomTrained({ seed: 1, shape, taus, structures });
    network.blocks[2].slope[1] = Number.NaN;
    expect(() => packNetwork(network, { name: 'n', reach: moderate, provenance })).toThrow(
      /not finite/,
    );
  });

  it('refuses a subset whose members coincide', () => {
    const network = randomTrained({ seed: 1, shape, taus, structures });
    network.blocks[0].conv.members[0] = network.blocks[0].conv.members[1];
    expect(() => packNetwork(network, { name: 'n', reach: moderate, provenance })).toThrow(
      /stage0.block0: the subset is not one of 2\^5 free members/,
    );
  });
});
