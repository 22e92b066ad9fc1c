import type { NetworkShape } from '../model/network.js';

/**
 * What a parameter is to the optimiser and the method: `latent` and `weight` are real weights (a
 * latent is binarised in the forward pass), `affine` everything per channel: norms, shifts, slopes,
 * biases.
 */
export type ParameterRole = 'latent' | 'weight' | 'affine';

/** One trainable tensor's place in the flat parameter vector. */
export interface Parameter {
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  /** First element in the flat vector. */
  readonly offset: number;
  readonly size: number;
}

/** One batch norm's place in the flat vector of statistics: mean, then variance. */
export interface NormStatistics {
  readonly name: string;
  readonly channels: number;
  readonly meanOffset: number;
  readonly varianceOffset: number;
}

/**
 * How a network's trainable parameters lie in one flat vector, so that optimiser, checkpoint and
 * exchange between threads each deal with a single array.
 */
export interface Layout {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly size: number;
  readonly norms: ReadonlyMap<string, NormStatistics>;
  readonly statisticsSize: number;
}

/**
 * Lays out the parameters of `shape`. Convolution weights are [kh, kw, Cin, Cout]; latents are
 * [Cout, Cin, 3, 3] for the method and [3, 3, Cin, Cout] once quantised for the engine, in the same
 * place.
 */
export function layoutOf(shape: NetworkShape): Layout {
  const parameters = new Map<string, Parameter>();
  const norms = new Map<string, NormStatistics>();
  let size = 0;
  let statisticsSize = 0;

  const add = (name: string, role: ParameterRole, ...dimensions: number[]) => {
    const elements = dimensions.reduce((product, n) => product * n, 1);
    parameters.set(name, { name, role, shape: dimensions, offset: size, size: elements });
    size += elements;
  };
  const addNorm = (name: string, channels: number) => {
    add(`${name}.gamma`, 'affine', channels);
    add(`${name}.beta`, 'affine', channels);
    const meanOffset = statisticsSize;
    norms.set(name, { name, channels, meanOffset, varianceOffset: meanOffset + channels });
    statisticsSize += 2 * channels;
  };

  const { stem, blocks, classifier } = shape;
  const { kernel, input, output } = stem.conv;
  add('stem.weight', 'weight', kernel, kernel, input.channels, output.channels);
  addNorm('stem.norm', output.channels);
  for (const { name, conv, shortcut } of blocks) {
    const [inChannels, outChannels] = [conv.input.channels, conv.output.channels];
    add(`${name}.shiftIn`, 'affine', inChannels);
    add(`${name}.latent`, 'latent', outChannels, inChannels, 3, 3);
    addNorm(`${name}.norm`, outChannels);
    if (shortcut === 'downsample') {
      add(`${name}.shortcut.weight`, 'weight', inChannels, outChannels);
      addNorm(`${name}.shortcut.norm`, outChannels);
    }
    add(`${name}.shiftMid`, 'affine', outChannels);
    add(`${name}.slope`, 'affine', outChannels);
    add(`${name}.shiftOut`, 'affine', outChannels);
  }
  add('classifier.weight', 'weight', classifier.inputs, classifier.classes);
  add('classifier.bias', 'affine', classifier.classes);
  return { parameters, size, norms, statisticsSize };
}

/** The parameter called `name`. */
export function parameter(layout: Layout, name: string): Parameter {
  const found = layout.parameters.get(name);
  if (!found) throw new Error(`no parameter ${name} in this network`);
  return found;
}

/** The part of the flat vector that holds `name`, as a view. */
export function view(layout: Layout, flat: Float32Array, name: string): Float32Array {
  const { offset, size } = parameter(layout, name);
  return flat.subarray(offset, offset + size);
}

/** Where the statistics of norm `name` lie. */
export function normStatistics(layout: Layout, name: string): NormStatistics {
  const found = layout.norms.get(name);
  if (!found) throw new Error(`no norm ${name} in this network`);
  return found;
}

/** Output channels of a block's binary convolution. */
export function outChannels(layout: Layout, block: string): number {
  return parameter(layout, `${block}.latent`).shape[0];
}
