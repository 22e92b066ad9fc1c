import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { type BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** Makes TensorFlow.js compute in WebAssembly, single-threaded, on this thread. */
export async function startWasmBackend(): Promise<BackendWasm> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(entry) + sep);
  await tf.setBackend('wasm');
  await tf.ready();
  return tf.backend() as BackendWasm;
}
