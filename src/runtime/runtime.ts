import type { PackedModel } from '../model/packed.js';
import type { Trace } from '../model/trace.js';
import type { KernelKind } from './binary-conv.js';
import { prepareBlock, prepareClassifier, prepareStem } from './layers.js';

/** A packed model made ready to run on this thread. */
export interface Runtime {
  /** Bytes of an image: height * width * channels. */
  readonly imageSize: number;
  readonly classes: number;
  /**
   * Logits of the images, [count, classes].
   *
   * @param images pixels [count, height, width, channels]
   */
  readonly logits: (images: Uint8Array, count: number) => Int32Array;
  /** Every map of one image, named and ordered as by the reference (model/trace.ts). */
  readonly trace: (image: Uint8Array) => Trace;
}

export interface RuntimeOptions {
  /** Computes every binary convolution this way; left out: whichever is faster for the layer. */
  readonly kernel?: KernelKind;
}

/**
 * Prepares a packed model: bit-exact with model/reference.ts, all buffers allocated once.
 *
 * @param model one that keeps the bounds of docs/arithmetic.md, as every decoded model does
 */
export function createRuntime(model: PackedModel, { kernel }: RuntimeOptions = {}): Runtime {
  const { shape } = model;
  const stem = prepareStem(model);
  const blocks = model.blocks.map((block, i) => prepareBlock(block, shape.blocks[i], kernel));
  const classifier = prepareClassifier(model.classifier, shape);
  const imageSize = shape.input.height * shape.input.width * shape.input.channels;
  const { classes } = shape.classifier;

  const run = (image: Uint8Array) => {
    stem.run(image);
    let x = stem.output;
    for (const block of blocks) {
      block.run(x);
      x = block.output;
    }
    classifier.run(x);
  };
  const maps = [...stem.maps, ...blocks.flatMap((block) => block.maps), ...classifier.maps];

  return {
    imageSize,
    classes,
    logits: (images, count) => {
      const logits = new Int32Array(count * classes);
      for (let i = 0; i < count; i++) {
        run(images.subarray(i * imageSize, (i + 1) * imageSize));
        logits.set(classifier.logits, i * classes);
      }
      return logits;
    },
    trace: (image) => {
      run(image);
      return maps.map((map) => ({ ...map, values: Int32Array.from(map.values) }));
    },
  };
}
