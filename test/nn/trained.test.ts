import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf } from '../../src/nn/layout.js';
import { engineForm, trainedNetwork } from '../../src/nn/trained.js';
import { modelPlans, randomTrained } from '../model/networks.js';
import { signsOf, structures, taus } from '../support/kernels.js';
import { midwayOf, quantized } from '../support/states.js';

const about = {
  input: { zero: [33], scale: [77.5] },
  classes: ['a', 'b'],
  activations: 'binary',
} as const;

test('the inference form runs with the very parameters and statistics of the training state', () => {
  fc.assert(
    fc.property(modelPlans, taus, structures, ({ shape, seed }, tau, structure) => {
      const state = midwayOf(shape, seed, { tau, structure });
      const parameters = quantized(shape, state);
      const network = trainedNetwork(shape, state, about);
      expect(engineForm(network)).toEqual({ parameters, statistics: state.statistics });
      expect(network).toMatchObject(about);
    }),
    { numRuns: 8 },
  );
});

test('a state without subsets gives a network of real weights that runs alike', () => {
  fc.assert(
    fc.property(modelPlans, ({ shape, seed }) => {
      const state = { ...midwayOf(shape, seed), subsets: new Map() };
      const network = trainedNetwork(shape, state, { ...about, activations: 'real' });
      expect(network.blocks.every(({ conv }) => conv.kind === 'real')).toBe(true);
      const { parameters, statistics } = state;
      expect(engineForm(network)).toEqual({ parameters, statistics });
    }),
    { numRuns: 5 },
  );
});

test('the inference form does not change when training goes on', () => {
  fc.assert(
    fc.property(modelPlans, ({ shape, seed }) => {
      const state = midwayOf(shape, seed);
      const network = trainedNetwork(shape, state, about);
      const before = structuredClone(network);
      state.parameters.fill(7);
      state.statistics.fill(7);
      for (const { subset, indices } of state.subsets.values()) {
        subset.representatives.fill(7);
        indices.fill(0);
      }
      expect(network).toEqual(before);
    }),
    { numRuns: 5 },
  );
});

test("engine weights are the network's, [Cout, k, k, Cin] laid out as [k, k, Cin, Cout]", () => {
  fc.assert(
    fc.property(modelPlans, (plan) => {
      const network = randomTrained(plan);
      const { shape, stem, blocks, classifier } = network;
      const { parameters } = engineForm(network);
      const layout = layoutOf(shape);
      const valueAt = (name: string, ...place: number[]) => {
        const found = layout.parameters.get(name);
        if (!found) throw new Error(`no parameter ${name}`);
        const isLatent = found.role === 'latent';
        const [o, i, y, x] = found.shape;
        const dimensions = isLatent ? [y, x, i, o] : found.shape;
        return parameters[found.offset + place.reduce((at, n, d) => at * dimensions[d] + n, 0)];
      };
      const { kernel, input, output } = shape.stem.conv;
      for (let o = 0; o < output.channels; o++) {
        for (let y = 0; y < kernel; y++) {
          for (let x = 0; x < kernel; x++) {
            for (let c = 0; c < input.channels; c++) {
              const from = ((o * kernel + y) * kernel + x) * input.channels + c;
              expect(valueAt('stem.weight', y, x, c, o)).toBe(stem.weight[from]);
            }
          }
        }
      }
      for (let k = 0; k < shape.classifier.classes; k++) {
        for (let c = 0; c < shape.classifier.inputs; c++) {
          const from = k * shape.classifier.inputs + c;
          expect(valueAt('classifier.weight', c, k)).toBe(classifier.weight[from]);
        }
      }
      const conv = blocks.at(0)?.conv;
      conv?.indices.forEach((index, pair) => {
        const { name, conv: map } = shape.blocks[0];
        const [o, c] = [Math.floor(pair / map.input.channels), pair % map.input.channels];
        signsOf(conv.members[index]).forEach((sign, j) => {
          const weight = valueAt(`${name}.latent`, Math.floor(j / 3), j % 3, c, o);
          expect(weight).toBe(Math.fround(sign * conv.alpha[o]));
        });
      });
    }),
    { numRuns: 5 },
  );
});
