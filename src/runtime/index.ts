export type { KernelKind } from './binary-conv.js';
export { type Classifier, startClassifier } from './classify.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
