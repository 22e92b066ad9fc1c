import type { ModelFile } from '../model/container/read.js';
import { describeModel, type LayerDescription, type ModelDescription } from '../model/describe.js';
import { chosenKernels, type KernelChoice } from '../runtime/kernel-choice.js';

/** A layer, and the kernel that computes it on a CPU; null: the layer is not binary. */
export interface LayerReport extends LayerDescription {
  readonly cpu: KernelChoice | null;
}

/** A packed model, and how it runs. */
export interface ModelReport extends ModelDescription {
  readonly layers: readonly LayerReport[];
}

/** Describes a packed model with what the CPU runtime makes of it. */
export function modelReport(file: ModelFile): ModelReport {
  const kernels = chosenKernels(file.model);
  const description = describeModel(file);
  return {
    ...description,
    layers: description.layers.map((layer) => ({ ...layer, cpu: kernels.get(layer.name) ?? null })),
  };
}
