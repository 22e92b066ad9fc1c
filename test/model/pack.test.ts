import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelViolation } from '../../src/model/bounds.js';
import { activationReach, floatTrace } from '../../src/model/float-reference.js';
import { birealNetwork } from '../../src/model/network.js';
import { fractionBitsFor, packNetwork } from '../../src/model/pack.js';
import { referenceTrace } from '../../src/model/reference.js';
import { Failure } from '../../src/util/failure.js';
import { modelPlans, randomImages, randomTrained } from './networks.js';

const provenance = { trained: '', spec: '', tool: '' };
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

describe('packing', () => {
  it('keeps every bound of the arithmetic for every network', () => {
    fc.assert(
      fc.property(modelPlans, (plan) => {
        const network = randomTrained(plan);
        const reach = activationReach(network, randomImages(plan.shape, 2, plan.seed));
        const model = packNetwork(network, { name: 'n', reach, provenance });
        expect(modelViolation(model)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the kernel of every pair, whatever the order of the trained subset', () => {
    const network = randomTrained({ seed: 3, shape, taus, structures });
    const model = packNetwork(network, { name: 'n', reach: 8, provenance });
    for (const [i, { conv }] of network.blocks.entries()) {
      const packed = model.blocks[i].conv;
      const kernels = (c: { members: Uint16Array; indices: Uint16Array }) =>
        Array.from(c.indices, (index) => c.members[index]);
      expect(kernels(packed)).toEqual(kernels(conv));
      expect(packed.members.slice().sort()).toEqual(conv.members.slice().sort());
    }
  });

  it('computes each block as the float network does, up to rounding', () => {
    // Signs near zero may flip by rounding, so each block is compared on the packed block's own bits:
    // its branch is an exact affine function of the accumulator.
    const network = randomTrained({ seed: 4, shape, taus, structures });
    const images = randomImages(shape, 3, 9);
    const model = packNetwork(network, {
      name: 'n',
      reach: activationReach(network, images),
      provenance,
    });
    const unit = 2 ** model.fractionBits;
    const trace = referenceTrace(model, images.subarray(0, imageSize));
    const stem = floatTrace(network, images.subarray(0, imageSize))[0];
    const integerStem = trace.find(({ name }) => name === 'stem');
    stem.values.forEach((value, i) => {
      expect(Math.abs((integerStem?.values[i] ?? Number.NaN) / unit - value)).toBeLessThan(0.03);
    });
    network.blocks.forEach(({ norm, conv, shiftMid }, b) => {
      const { preShift, shift, multiplier, bias } = model.blocks[b].requantizer;
      const reachOfSums = 9 * shape.blocks[b].conv.input.channels;
      for (let o = 0; o < multiplier.length; o++) {
        for (const acc of [-reachOfSums, -1, 0, 5, reachOfSums]) {
          const sigma = Math.sqrt(norm.variance[o] + 1e-5);
          const exact =
            (norm.gamma[o] * (conv.alpha[o] * acc - norm.mean[o])) / sigma +
            norm.beta[o] +
            shiftMid[o];
          const packed = (acc * multiplier[o] * 2 ** -preShift + bias[o]) / 2 ** shift / unit;
          expect(Math.abs(packed - exact)).toBeLessThan(2e-3);
        }
      }
    });
  });

  it('gives logits close to the float network on networks like trained ones', () => {
    let agree = 0;
    let total = 0;
    for (let seed = 0; seed < 4; seed++) {
      const network = randomTrained({ seed, shape, taus, structures });
      const images = randomImages(shape, 12, seed);
      const reach = activationReach(network, images);
      const model = packNetwork(network, { name: 'n', reach, provenance });
      for (let from = 0; from < images.length; from += imageSize) {
        const image = images.subarray(from, from + imageSize);
        const float = floatTrace(network, image).at(-1)?.values ?? new Float64Array();
        const packed = referenceTrace(model, image).at(-1)?.values ?? new Int32Array();
        const real = Array.from(packed, (logit) => logit * model.classifier.scale);
        const error = rms(real.map((value, k) => value - float[k]));
        expect(error).toBeLessThan(0.25 * rms(float));
        if (real.indexOf(Math.max(...real)) === float.indexOf(Math.max(...float))) agree++;
        total++;
      }
    }
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
    expect(() => packNetwork(network, { name: 'n', reach: 8, provenance })).toThrow(/not finite/);
  });

  it('refuses a subset whose members coincide', () => {
    const network = randomTrained({ seed: 1, shape, taus, structures });
    network.blocks[0].conv.members[0] = network.blocks[0].conv.members[1];
    expect(() => packNetwork(network, { name: 'n', reach: 8, provenance })).toThrow(
      /stage0.block0: the subset is not one of 2\^5 free members/,
    );
  });
});
