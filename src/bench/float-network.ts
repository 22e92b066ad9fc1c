import type { NetworkShape } from '../model/network.js';
import type { TrainedNorm, TrainedRealNetwork } from '../model/trained.js';
import { stream } from '../util/random.js';
import { scalingOf, seed } from './synthetic.js';

const ones = (length: number) => new Float32Array(length).fill(1);
const zeros = (length: number) => new Float32Array(length);

function plainNorm(channels: number): TrainedNorm {
  return {
    gamma: ones(channels),
    beta: zeros(channels),
    mean: zeros(channels),
    variance: ones(channels),
  };
}

/**
 * A real-valued network of random weights in its fastest form: without shifts, and with ReLU in place of
 * PReLU, so that a float32 runtime can fuse all that it knows how to.
 */
export function randomRealNetwork(shape: NetworkShape): TrainedRealNetwork {
  const random = stream(seed, 'bench float network');
  const weights = (length: number, fanIn: number) => {
    const reach = Math.sqrt(3 / fanIn);
    return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * reach);
  };
  const { stem, blocks, classifier, input } = shape;
  const { kernel, output } = stem.conv;
  const taps = kernel ** 2 * input.channels;
  return {
    shape,
    activations: 'real',
    padding: 'zero',
    input: scalingOf(input.channels),
    classes: Array.from({ length: classifier.classes }, (_, i) => String(i)),
    stem: { weight: weights(taps * output.channels, taps), norm: plainNorm(output.channels) },
    blocks: blocks.map(({ conv, shortcut }) => {
      const [inputs, outputs] = [conv.input.channels, conv.output.channels];
      return {
        shiftIn: zeros(inputs),
        conv: { kind: 'real', weight: weights(9 * inputs * outputs, 9 * inputs) },
        norm: plainNorm(outputs),
        shortcut:
          shortcut === 'downsample'
            ? { weight: weights(inputs * outputs, inputs), norm: plainNorm(outputs) }
            : null,
        shiftMid: zeros(outputs),
        slope: zeros(outputs),
        shiftOut: zeros(outputs),
      };
    }),
    classifier: {
      weight: weights(classifier.classes * classifier.inputs, classifier.inputs),
      bias: zeros(classifier.classes),
    },
  };
}
