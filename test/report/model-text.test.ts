import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/model/container/read.js';
import { encodeModel } from '../../src/model/container/write.js';
import { costOf } from '../../src/model/cost.js';
import { birealNetwork, layOut } from '../../src/model/network.js';
import { kernelMap } from '../../src/report/kernel-map.js';
import { modelReport } from '../../src/report/model-report.js';
import { modelText } from '../../src/report/model-text.js';
import { permutation, stream } from '../../src/util/random.js';
import { type ModelPlan, plansOfAll, randomModel } from '../model/networks.js';

const reportOf = (plan: ModelPlan) => modelReport(readModel(encodeModel(randomModel(plan))));

/** ResNet-18 on large images, as far as the width of its text goes. */
const wide: ModelPlan = {
  seed: 2,
  mood: 'small',
  shape: birealNetwork(
    { stages: [1, 1, 2], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 224, width: 224, channels: 3 },
    1000,
  ),
  taus: [5, 6, 9, 5],
  structures: ['free', 'antipodal', 'free', 'antipodal'],
};

const vgg: ModelPlan = {
  seed: 4,
  mood: 'uniform',
  shape: layOut(
    { family: 'vgg', stages: [2, 1], width: 16, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 32, width: 32, channels: 3 },
    10,
  ),
  taus: [1, 7, 8],
  structures: ['free', 'free', 'antipodal'],
};

describe('a packed model as text', () => {
  it('fits 80 columns without colours, whatever the model', () => {
    for (const plan of [wide, vgg]) {
      const text = modelText(reportOf(plan));
      expect(text).not.toContain('\u001b');
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
    fc.assert(
      fc.property(plansOfAll, (plan) => {
        expect(modelText(reportOf(plan))).not.toMatch(/NaN|undefined|Infinity|\[object/);
      }),
      { numRuns: 40 },
    );
  });

  it('counts additions where activations are int16', () => {
    const real = { ...vgg, activations: vgg.shape.blocks.map(() => 'real' as const) };
    const [bits, values] = [vgg, real].map((plan) => modelText(reportOf(plan)));
    expect(bits).toContain('M Bit-OPs');
    expect(bits).toContain('binary in front of 3x3 layers');
    expect(values).not.toContain('Bit-OPs');
    expect(values).toContain('M additions');
    expect(values).toContain('int16 too in front of 3x3 layers');
    expect(values).toContain('valuePlanes');
  });

  it('does not let a file steer the terminal', () => {
    const model = randomModel(vgg);
    const wild = 'red\u001b[31m\r\n\u0085';
    const figures = { [wild]: { value: 1, unit: wild, kind: 'counted' } } as const;
    const provenance = { tool: wild, spec: wild, trained: wild, origin: { spec: wild, figures } };
    const classes = model.classes.map(() => wild);
    const bytes = encodeModel({ ...model, name: wild.repeat(40), classes, provenance });
    const text = modelText(modelReport(readModel(bytes)));
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('tells bits as the file has them, beside those of tau bits an index', () => {
    const bytes = encodeModel(randomModel(wide));
    const { layout } = readModel(bytes);
    expect(layout.indices.some(({ coding }) => coding === 'adaptive')).toBe(true);
    const weights = 9 * (64 * 64 + 64 * 128 + 128 * 256 + 256 * 256);
    const nominal = 5 * 64 * 64 + 6 * 64 * 128 + 9 * 128 * 256 + 5 * 256 * 256;
    const stored = 8 * (layout.sections.INDX + layout.sections.SUBS);
    expect(stored).toBeLessThan(nominal);
    expect(modelText(reportOf(wide))).toContain(
      `Bits per binary weight: ${(nominal / weights).toFixed(3)} nominal (tau / 9), ` +
        `${(stored / weights).toFixed(3)} stored with subsets.`,
    );
    const report = reportOf(wide);
    const binary = report.layers.filter((layer) => layer.binary !== null);
    const indexBytes = layout.indices.reduce((sum, layer) => sum + layer.bytes, 0);
    expect(indexBytes).toBe(layout.sections.INDX);
    const bits = binary.reduce((sum, layer) => sum + layer.weightBits, 0);
    expect(bits).toBeLessThanOrEqual(stored);
    expect(bits).toBeGreaterThan(stored - 8 * binary.length);
  });

  it('counts operations by the rules of the published tables, and shares out the time', () => {
    const { layers } = reportOf(wide);
    const names = ['stage0.block0', 'stage1.block0', 'stage2.block0', 'stage2.block1'];
    const taus = Object.fromEntries(names.map((name, i) => [name, wide.taus[i]]));
    const free = costOf(wide.shape, { tau: taus, structure: 'free', activations: 'binary' });
    const antipodal = costOf(wide.shape, {
      tau: taus,
      structure: 'antipodal',
      activations: 'binary',
    });
    const binary = layers.flatMap(({ binary }) => binary ?? []);
    expect(binary.map(({ cost }) => cost.subBitOps)).toEqual([
      free.layers[0].subBitOps,
      antipodal.layers[1].subBitOps,
      free.layers[2].subBitOps,
      antipodal.layers[3].subBitOps,
    ]);
    const shares = layers.map(({ cpu }) => cpu?.timeShare ?? 0);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    const stem = layers.find(({ name }) => name === 'stem');
    expect(stem?.multiplyAccumulates).toBe(7 * 7 * 3 * 64 * 112 * 112);
  });
});

describe('pictures of a subset', () => {
  const subsetOf = (tau: number, seed: number) => {
    const random = stream(seed, 'subset');
    const codes = Array.from(permutation(512, random).subarray(0, 2 ** tau)).sort((a, b) => a - b);
    const use = codes.map(() => random.below(9) * random.below(2000));
    return { tau, structure: 'free', codes, use, used: 0, entropy: 0, coding: 'plain' } as const;
  };

  it('show each member as it is, the most used first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (tau, seed) => {
        const subset = subsetOf(tau, seed);
        const lines = kernelMap(subset);
        const seen: number[] = [];
        for (let from = 0; from < lines.length; from += 3) {
          const [upper, lower, shares] = lines.slice(from, from + 3).map((line) => line.padEnd(78));
          for (let at = 0; at < shares.trimEnd().length; at += 5) {
            const dots = [0, 1, 2].map((x) => {
              const [two, one] = [upper[at + x], lower[at + x]].map((c) => ' ▀▄█'.indexOf(c));
              return [two & 1, two >> 1, one];
            });
            seen.push(
              dots.reduce(
                (code, rows, x) => rows.reduce((c, bit, y) => c | (bit << (3 * y + x)), code),
                0,
              ),
            );
          }
        }
        expect([...seen].sort((a, b) => a - b)).toEqual(subset.codes);
        const uses = seen.map((code) => subset.use[subset.codes.indexOf(code)]);
        expect(uses).toEqual([...uses].sort((a, b) => b - a));
      }),
      { numRuns: 60 },
    );
  });

  it('show larger subsets among all kernels', () => {
    const subset = subsetOf(7, 1);
    const lines = kernelMap(subset);
    expect(lines).toHaveLength(8);
    const cells = lines.map((line) => line.padEnd(64)).join('');
    expect(cells).toHaveLength(512);
    const members = [...cells].flatMap((cell, code) => (cell === ' ' ? [] : [code]));
    expect(members).toEqual(subset.codes);
    for (const [i, code] of subset.codes.entries()) {
      expect(cells[code] === '·').toBe(subset.use[i] === 0);
    }
  });
});
