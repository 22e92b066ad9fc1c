import { readFileSync } from 'node:fs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { packageFile } from '../util/paths.js';

/** What the C kernels export: functions of pointers into the backend's memory and of sizes. */
type Exports = Readonly<
  Record<
    | 'sign_pad'
    | 'sign_gradient'
    | 'moments'
    | 'normalize'
    | 'norm_gradient'
    | 'rprelu'
    | 'rprelu_gradient'
    | 'average_pool'
    | 'average_pool_gradient'
    | 'unfold_cells'
    | 'filter_gradient'
    | 'sign_bits'
    | 'convolve_signs'
    | 'sign_filter_gradient'
    | 'sign_input_gradient',
    (...args: number[]) => void
  > &
    Record<
      'filter_signs' | 'sign_filter_scratch' | 'sign_input_scratch',
      (...args: number[]) => number
    >
> & { readonly __stack_pointer: WebAssembly.Global };

/** What the backend's typings leave out: its memory and the allocator of its heap. */
interface BackendModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  readonly _malloc: (bytes: number) => number;
}

const stackBytes = 64 * 1024;

/** The C kernels at work in the memory of a TensorFlow.js backend. */
export interface KernelModule {
  readonly kernels: Exports;
  /** Where a tensor's values lie. */
  at(tensor: tf.Tensor): number;
  /** A tensor of float32 whose values are not set yet. */
  output<Kind extends tf.Tensor>(shape: readonly number[]): Kind;
  /** Memory that is freed with the tensors of the running operation. */
  bytes(count: number): tf.Tensor;
}

/** @param backend the backend that is set and ready on this thread */
export function startModule(backend: BackendWasm): KernelModule {
  const { asm, _malloc } = backend.wasm as unknown as BackendModule;
  const module = new WebAssembly.Module(readFileSync(packageFile('wasm/train.wasm')));
  const instance = new WebAssembly.Instance(module, { env: { memory: asm.memory } });
  const kernels = instance.exports as unknown as Exports;
  kernels.__stack_pointer.value = _malloc(stackBytes) + stackBytes;

  const output = <Kind extends tf.Tensor>(shape: readonly number[]) => {
    const info = backend.makeOutput([...shape], 'float32');
    return tf.engine().makeTensorFromTensorInfo(info) as Kind;
  };
  return {
    kernels,
    at: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    output,
    bytes: (count) => output([Math.ceil(count / Float32Array.BYTES_PER_ELEMENT)]),
  };
}
