export type { KernelKind } from './binary-conv.js';
export { type Classification, type ClassifyOptions, classify } from './classify.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
