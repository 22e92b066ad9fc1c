import {
  blockOutput,
  type ConvShape,
  isPooled,
  type MapShape,
  type NetworkShape,
} from '../model/network.js';

/** One layer as the accelerator runs it: it reads one map memory and writes the other. */
export type Step =
  | {
      readonly kind: 'stem';
      readonly name: string;
      readonly conv: ConvShape;
      readonly output: MapShape;
    }
  | {
      /** 2x2 average pooling and a 1x1 convolution. */
      readonly kind: 'shortcut';
      readonly name: string;
      /** Position among the network's blocks. */
      readonly block: number;
      readonly input: MapShape;
      readonly output: MapShape;
    }
  | {
      readonly kind: 'binary';
      readonly name: string;
      readonly block: number;
      readonly conv: ConvShape;
      /** Whether it adds the map that it reads. */
      readonly adds: boolean;
      /** Whether it ends in its accumulators, which a pooling step turns into activations. */
      readonly pooled: boolean;
      readonly output: MapShape;
    }
  | {
      /** Max pooling of stride 2. */
      readonly kind: 'pool';
      readonly name: string;
      /** The block whose accumulators it pools; null: activations of the stem. */
      readonly block: number | null;
      readonly window: 2 | 3;
      readonly input: MapShape;
      readonly output: MapShape;
    }
  | {
      readonly kind: 'average';
      readonly name: string;
      readonly input: MapShape;
      readonly output: MapShape;
    }
  | {
      readonly kind: 'classifier';
      readonly name: string;
      readonly input: MapShape;
      /** Classes as channels. */
      readonly output: MapShape;
    };

/**
 * The steps of a network, each named as the map that the reference traces (model/trace.ts), but for
 * `stem.all`: what the stem gives before it is pooled.
 */
export function networkSteps(shape: NetworkShape): Step[] {
  const { stem, blocks, classifier } = shape;
  const { conv } = stem;
  const name = stem.pool ? 'stem.all' : 'stem';
  const steps: Step[] = [{ kind: 'stem', name, conv, output: conv.output }];
  if (stem.pool) {
    const { output } = stem;
    steps.push({ kind: 'pool', name: 'stem', block: null, window: 3, input: conv.output, output });
  }
  for (const [i, block] of blocks.entries()) {
    const { name, conv, shortcut } = block;
    const output = blockOutput(block);
    const pooled = isPooled(block);
    if (shortcut === 'downsample') {
      const { input } = conv;
      steps.push({ kind: 'shortcut', name: `${name}.shortcut`, block: i, input, output });
    }
    steps.push({
      kind: 'binary',
      name: pooled ? `${name}.conv` : name,
      ...{ block: i, conv, adds: shortcut !== 'none', pooled, output: conv.output },
    });
    if (pooled) {
      steps.push({ kind: 'pool', name, block: i, window: 2, input: conv.output, output });
    }
  }
  const last = steps[steps.length - 1].output;
  const average = { height: 1, width: 1, channels: last.channels };
  steps.push({ kind: 'average', name: 'pool', input: last, output: average });
  const logits = { height: 1, width: 1, channels: classifier.classes };
  steps.push({ kind: 'classifier', name: 'logits', input: average, output: logits });
  return steps;
}
