import type { PackedModel } from '../model/packed.js';
import { referenceTrace } from '../model/reference.js';
import { Failure } from '../util/failure.js';

/** A binary layer on a test image, by the reference. */
export interface GoldenLayer {
  /** Position among the network's blocks. */
  readonly layer: number;
  /** Number of the test image. */
  readonly image: number;
  /** What the convolution sees: 1 for +1, 0 for -1, [height, width, channels]. */
  readonly bits: Uint8Array;
  /** What it must give, [height, width, channels]. */
  readonly accumulators: Int32Array;
}

/**
 * Inputs and accumulators of every binary layer of a model on one image, by the arithmetic reference.
 *
 * @param pixels [height, width, channels]
 * @throws Failure where the model's layers are zero-padded, which the accelerator cannot compute
 */
export function goldenLayers(model: PackedModel, pixels: Uint8Array, image: number): GoldenLayer[] {
  const trace = new Map(referenceTrace(model, pixels).map((map) => [map.name, map.values]));
  const valuesOf = (name: string) => {
    const values = trace.get(name);
    if (values === undefined) throw new Error(`the reference traces no ${name}`);
    return values;
  };
  const { blocks } = model.shape;
  return blocks.map(({ name }, layer) => {
    const input = valuesOf(layer === 0 ? 'stem' : blocks[layer - 1].name);
    const seen = model.blocks[layer].input;
    if (seen.activations !== 'binary') {
      throw new Error(`${name} sees values of 16 bits, not of one`);
    }
    if (seen.padding === 'zero') {
      throw new Failure(
        'input',
        `the accelerator pads with -1, but ${name} sees 0 beyond its edge`,
        [
          'run the model on a CPU: it computes zero padding exactly',
          'or train a network here, which pads with -1',
        ],
      );
    }
    const { threshold } = seen;
    const bits = Uint8Array.from(input, (value, i) =>
      value >= threshold[i % threshold.length] ? 1 : 0,
    );
    return { layer, image, bits, accumulators: valuesOf(`${name}.conv`) };
  });
}
