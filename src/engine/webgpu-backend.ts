import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { requirePackage } from './packages.js';

/** What a WebGPU adapter says of itself. */
interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** It computes in software. */
    readonly isFallbackAdapter: boolean;
  };
}

/** The npm package `webgpu`: Dawn for Node. */
interface Dawn {
  readonly create: (options: readonly string[]) => {
    requestAdapter(options: object): Promise<Adapter | null>;
  };
  readonly globals: object;
}

/** What the backend asks for, so that the adapter told is the one that computes. */
const wanted = { powerPreference: 'high-performance' };

/** Makes TensorFlow.js compute on WebGPU. Rejects when no adapter answers. */
export async function startWebgpuBackend(): Promise<{
  readonly device: string;
  readonly isGpu: boolean;
}> {
  const dawn: Dawn = await import(pathToFileURL(requirePackage('webgpu').entry).href);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter(wanted);
  if (adapter === null) throw new Error('no WebGPU adapter answers');
  // The backend looks for a browser's globals while it is loaded.
  Object.assign(globalThis, dawn.globals, { self: globalThis });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const { entry } = requirePackage('@tensorflow/tfjs-backend-webgpu');
  tf.enableProdMode();
  createRequire(entry)(entry);
  await tf.setBackend('webgpu');
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const device = description || `${vendor} ${architecture}`.trim() || 'GPU';
  return { device, isGpu: !isFallbackAdapter };
}
