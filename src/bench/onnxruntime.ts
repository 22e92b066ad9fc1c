import { createRequire } from 'node:module';
import { findPackage } from '../engine/packages.js';

const version = '1.30.0';

/** What adds ONNX Runtime to the folder of the optional packages; its own download of CUDA is left out. */
export const installOnnxRuntime = `npm install --prefix .engines --ignore-scripts onnxruntime-node@${version}`;

/** A float32 network in ONNX Runtime on the CPU. */
export interface FloatNetwork {
  /** Version of ONNX Runtime. */
  readonly version: string;
  /** Logits of the images, [images, classes]. @param pixels 0..255, [images, channels, height, width] */
  logits(pixels: Float32Array, images: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** As much of onnxruntime-node as is used. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<Session>;
  };
}

interface Session {
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

/**
 * Starts an ONNX model whose input is `pixels` and whose output is `logits`.
 *
 * @param image channels, height and width of an image
 * @returns null where ONNX Runtime is not installed
 */
export async function startFloatNetwork(
  model: Uint8Array,
  image: readonly [channels: number, height: number, width: number],
  threads: number,
): Promise<FloatNetwork | null> {
  const found = findPackage('onnxruntime-node');
  if (found === null) return null;
  const { Tensor, InferenceSession }: OnnxRuntime = createRequire(import.meta.url)(found.entry);
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  return {
    version: found.version,
    logits: async (pixels, images) => {
      const { logits } = await session.run({
        pixels: new Tensor('float32', pixels, [images, ...image]),
      });
      return logits.data;
    },
    close: () => session.release(),
  };
}
