import * as tf from '@tensorflow/tfjs-core';
import { composed } from '../nn/composed.js';
import type { Kernels } from '../nn/kernels.js';
import type { EngineName } from '../spec/types.js';

/** A TensorFlow.js backend at work in this thread. */
export interface StartedBackend {
  readonly kernels: Kernels;
  /** Version of the library that computes, where the npm packages do not tell it. */
  readonly library: string | null;
  /** What it computes on. */
  readonly device: string;
  /** Whether that is a GPU, in hardware. */
  readonly isGpu: boolean;
}

/** Starts an engine's backend in this thread, which must have none yet. */
export async function startBackend(name: EngineName): Promise<StartedBackend> {
  switch (name) {
    case 'wasm':
      return startWasm();
    case 'webgpu':
      return startWebgpu();
    case 'tensorflow':
      return startTensorflow('@tensorflow/tfjs-node');
    case 'tensorflow-gpu':
      return startTensorflow('@tensorflow/tfjs-node-gpu');
  }
}

async function startWasm(): Promise<StartedBackend> {
  const { startWasmBackend } = await import('./wasm-backend.js');
  const { wasmKernels } = await import('./wasm-kernels.js');
  const kernels = wasmKernels(await startWasmBackend());
  return { kernels, library: null, device: 'CPU', isGpu: false };
}

async function startTensorflow(
  name: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu',
): Promise<StartedBackend> {
  const { startTensorflowBackend } = await import('./tensorflow-backend.js');
  const { library, isGpu } = await startTensorflowBackend(name);
  const { tensorflowKernels } = await import('./tensorflow-kernels.js');
  return { kernels: tensorflowKernels(isGpu), library, device: isGpu ? 'GPU' : 'CPU', isGpu };
}

async function startWebgpu(): Promise<StartedBackend> {
  const { startWebgpuBackend } = await import('./webgpu-backend.js');
  const adapter = await startWebgpuBackend();
  await tf.ready();
  return { kernels: composed, library: null, ...adapter };
}
