import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { type BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The backend copies a tensor to clone it, which every saved input of a gradient is. Tensors never
 * change, so that a clone may share its values, as on the other backends.
 */
function shareClones(): void {
  const target = { kernelName: tf.Identity, backendName: 'wasm' };
  tf.unregisterKernel(target.kernelName, target.backendName);
  tf.registerKernel({
    ...target,
    kernelFunc({ inputs: { x }, backend }) {
      if (x === undefined) throw new Error('nothing to clone');
      (backend as BackendWasm).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}

/** Makes TensorFlow.js compute in WebAssembly, single-threaded, on this thread. */
export async function startWasmBackend(): Promise<BackendWasm> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(entry) + sep);
  shareClones();
  await tf.setBackend('wasm');
  await tf.ready();
  return tf.backend() as BackendWasm;
}
