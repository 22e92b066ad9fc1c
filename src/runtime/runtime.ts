import type { PackedModel } from '../model/packed.js';
import type { Trace } from '../model/trace.js';
import type { KernelKind } from './binary-conv.js';
import { compile } from './compile.js';
import { loadProgram, operate } from './machine.js';

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
 * Prepares a packed model: bit-exact with model/reference.ts, its weights laid out once.
 *
 * @param model one that keeps the bounds of docs/arithmetic.md, as every decoded model does
 */
export function createRuntime(model: PackedModel, { kernel }: RuntimeOptions = {}): Runtime {
  const prepare = (keep: boolean) => {
    const options = { vector: 16, kernel: kernel ?? null, keep } as const;
    const machine = loadProgram(compile(model, options), 1);
    return { machine, operator: operate(machine, 0) };
  };
  const { machine, operator } = prepare(false);
  const { image, logits } = machine.program;
  const { bytes: imageSize } = image;
  const { channels: classes } = logits.shape;
  let traced: ReturnType<typeof prepare> | null = null;
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
      traced ??= prepare(true);
      const { machine: keeping, operator: tracer } = traced;
      tracer.run(pixels);
      return keeping.program.maps.map((map) => ({
        name: map.name,
        shape: map.shape,
        values: tracer.read(map),
      }));
    },
  };
}
