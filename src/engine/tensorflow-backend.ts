import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { requirePackage } from './packages.js';

/** The parts of the backend of @tensorflow/tfjs-node that tell what it runs on. */
interface NodeBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/** Makes TensorFlow.js compute in libtensorflow, through its add-on for Node. */
export async function startTensorflowBackend(
  name: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu',
): Promise<{ readonly library: string; readonly isGpu: boolean }> {
  const { entry } = requirePackage(name);
  tf.enableProdMode();
  createRequire(entry)(entry);
  await tf.setBackend('tensorflow');
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NodeBackend;
  return { library: binding.TF_Version, isGpu: isUsingGpuDevice };
}
