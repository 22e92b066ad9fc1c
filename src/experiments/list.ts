import type { Experiment } from './experiment.js';

const sampledOnly = 'quantize.refine=false';
/** Every experiment whose outcomes the project keeps. */
export const experiments: readonly Experiment[] = [
  {
    name: 'fashion-published-recipe',
    title: 'Bit widths, by the published recipe',
    question:
      'Six binary convolutions of 16, 32 and 64 channels on Fashion-MNIST, 1W/1A, trained for 8 epochs as the published ' +
      'code trains (Adam, rate 1e-3 falling linearly, batch 128), though with latents that start around zero and a rate ' +
      'that falls every step, and subsets that follow the latents. What does each bit width cost, and is learning the ' +
      'subset worth it?',
    spec: 'configs/experiments/fashion-published-recipe.yaml',
    seeds: [0, 1, 2],
    variants: [
      { name: '1 bit', set: ['quantize.tau=9', 'quantize.refine=false'] },
      { name: 'tau 6', set: ['quantize.tau=6'] },
      { name: 'tau 5', set: [] },
      { name: 'tau 5, antipodal', set: ['quantize.subset.structure=antipodal'] },
      { name: 'tau 5, sampled only', set: [sampledOnly] },
      { name: 'tau 4', set: ['quantize.tau=4'] },
    ],
    pairings: [
      { variant: 'tau 5', against: '1 bit' },
      { variant: 'tau 5', against: 'tau 5, sampled only' },
      { variant: 'tau 5, antipodal', against: 'tau 5' },
    ],
    goals: [
      { variant: 'tau 5', accuracy: 86.7 },
      { variant: 'tau 5, antipodal', accuracy: 86.7 },
    ],
  },
  {
    name: 'fashion-recipe',
    title: 'A recipe for short runs',
    question:
      'The same network in the same 8 epochs by a recipe that suits short runs: ten times the rate, half the batch.',
    spec: 'configs/fashion-0.56bit.yaml',
    seeds: [0, 1, 2],
    variants: [{ name: 'tau 5', set: ['train.threads=1', 'engine=wasm', 'device.target=cpu'] }],
    pairings: [],
    goals: [{ variant: 'tau 5', accuracy: 90 }],
  },
  {
    name: 'fashion-wide',
    title: 'Twice the width, and real activations',
    question:
      'The six-block network at width 32: what a larger network gains, and what binary activations cost it.',
    spec: 'configs/fashion/wide-0.56bit.yaml',
    seeds: [0],
    variants: [
      { name: '1W/1A', set: [] },
      { name: '1W/1A, half as long', set: ['train.epochs=4'] },
      { name: '1W/32A, half as long', set: ['train.epochs=4', 'quantize.binarize=weights'] },
    ],
    pairings: [{ variant: '1W/32A, half as long', against: '1W/1A, half as long' }],
    goals: [{ variant: '1W/1A', accuracy: 91 }],
  },
];
