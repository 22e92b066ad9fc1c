import * as tf from '@tensorflow/tfjs-core';
import { startWasmBackend } from '../../src/engine/wasm-backend.js';
import { wasmKernels } from '../../src/engine/wasm-kernels.js';
import { composed } from '../../src/nn/composed.js';

/** Both forms of the kernels, on a WebAssembly backend of this thread. */
export async function bothKernels() {
  return { composed, fused: wasmKernels(await startWasmBackend()) };
}

/** Runs `compute` without leaving tensors behind; the values of what it returns. */
export function valuesOf(compute: () => tf.Tensor | readonly tf.Tensor[]): Float32Array[] {
  return tf.tidy(() => {
    const result = compute();
    const tensors = result instanceof tf.Tensor ? [result] : result;
    return tensors.map((tensor) => tensor.dataSync<'float32'>().slice());
  });
}
