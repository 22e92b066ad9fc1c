import { type Architecture, layOut, type NetworkShape } from './network.js';

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
 * @throws Error where no architecture does
 */
export function architectureOf(shape: NetworkShape): Architecture {
  const width = shape.stem.conv.output.channels;
  const stages: number[] = [];
  for (const { conv } of shape.blocks) {
    const stage = Math.log2(conv.output.channels / width);
    while (stages.length <= stage) stages.push(0);
    stages[stage]++;
  }
  const { kernel, stride } = shape.stem.conv;
  if (kernel === 1) throw new Error('the stem of a network is 3x3 or 7x7');
  const plain = shape.blocks.some(({ shortcut }) => shortcut === 'none');
  const architecture: Architecture = {
    family: plain ? 'vgg' : 'bireal',
    stages,
    width,
    stem: { kernel, stride, pool: shape.stem.pool },
  };
  const laidOut = layOut(architecture, shape.input, shape.classifier.classes);
  if (JSON.stringify(laidOut) !== JSON.stringify(shape)) {
    throw new Error('the network is not laid out as any architecture');
  }
  return architecture;
}
