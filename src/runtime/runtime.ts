import type { PackedModel } from '../model/packed.js';
import type { Trace } from '../model/trace.js';
import type { KernelKind } from './binary-conv.js';
import { compile } from './compile.js';
import { loadProgram, operate } from './machine.js';
import { type Program, probed } from './program.js';
import type { ValueKind } from './value-conv.js';

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
  /** Computes every convolution of the activations that it is for this way; left out: the fastest for each. */
  readonly kernel?: KernelKind | ValueKind | null;
}

/**
 * Prepares a packed model: bit-exact with model/reference.ts, its weights laid out once.
 *
 * @param model one that keeps the bounds of docs/arithmetic.md, as every decoded model does
 */
export function createRuntime(model: PackedModel, { kernel = null }: RuntimeOptions = {}): Runtime {
  const program = compile(model, { vector: 16, kernel });
  const operator = operate(loadProgram(program, 1), 0);
  const { image, logits } = program;
  const { bytes: imageSize } = image;
  const { channels: classes } = logits.shape;
  let tracer: ((pixels: Uint8Array) => Trace) | null = null;
  return {
    imageSize,
    classes,
    logits: (images, count) => {
      const all = new Int32Array(count * classes);
      for (let i = 0; i < count; i++) {
        operator.run(images.subarray(i * imageSize, (i + 1) * imageSize));
        all.set(operator.read(logits), i * classes);
      }
      return all;
    },
    trace: (pixels) => {
      tracer ??= tracerOf(program);
      return tracer(pixels);
    },
  };
}

/** Runs a program and reads every map as soon as it is there. */
function tracerOf(program: Program): (pixels: Uint8Array) => Trace {
  const probing = probed(program);
  const { maps } = probing;
  const operator = operate(loadProgram(probing, 1), 0);
  return (pixels) => {
    const read: Int32Array[] = [];
    operator.run(pixels, (operation) => {
      for (const [i, map] of maps.entries()) {
        if (map.operation === operation) read[i] = operator.read(map);
      }
    });
    return maps.map(({ name, shape }, i) => ({ name, shape, values: read[i] }));
  };
}
