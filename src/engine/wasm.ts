import type { Engine, EngineSetup } from './engine.js';
import { startPool } from './pool.js';

/** The engine that runs wherever Node does: TensorFlow.js on WebAssembly with kernels in C. */
export function startWasmEngine(setup: EngineSetup): Engine {
  return startPool('wasm', setup);
}
