import type { BirealArchitecture, NetworkShape } from './network.js';
import { birealNetwork } from './network.js';

/** Parameters that a channel-wise layer or a convolution of the packed model holds. */
export interface BlockSizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly downsample: boolean;
}

/** Channels in and out of every block. */
export function blockSizes(shape: NetworkShape): BlockSizes[] {
  return shape.blocks.map(({ conv, shortcut }) => ({
    inputs: conv.input.channels,
    outputs: conv.output.channels,
    downsample: shortcut === 'downsample',
  }));
}

/**
 * The architecture that lays out to `shape`: what a file has to keep of it.
 *
 * @throws Error where `shape` is no Bi-Real network
 */
export function architectureOf(shape: NetworkShape): BirealArchitecture {
  const width = shape.stem.conv.output.channels;
  const stages: number[] = [];
  for (const { conv } of shape.blocks) {
    const stage = Math.log2(conv.output.channels / width);
    while (stages.length <= stage) stages.push(0);
    stages[stage]++;
  }
  const { kernel, stride } = shape.stem.conv;
  if (kernel === 1) throw new Error('the stem of a Bi-Real network is 3x3 or 7x7');
  const architecture = { stages, width, stem: { kernel, stride, pool: shape.stem.pool } };
  const laidOut = birealNetwork(architecture, shape.input, shape.classifier.classes);
  if (JSON.stringify(laidOut) !== JSON.stringify(shape)) {
    throw new Error('the network is not laid out as a Bi-Real network');
  }
  return architecture;
}
