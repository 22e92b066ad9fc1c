import { costOf, type NetworkCost, type Quantization } from '../model/cost.js';
import { isBinary } from './binary.js';
import { networkShape } from './shape.js';
import type { BinaryQuantizeSpec, Spec } from './types.js';

/** How a spec's binary layers are quantised. */
export function quantizationOf({ tau, subset, binarize }: BinaryQuantizeSpec): Quantization {
  const activations = binarize === 'weights' ? 'real' : 'binary';
  return { tau, structure: subset.structure, activations };
}

/** What the binary layers of a spec's network cost; null: it is real-valued and has none. */
export function binaryCostOf(spec: Spec): NetworkCost | null {
  if (!isBinary(spec)) return null;
  return costOf(networkShape(spec), quantizationOf(spec.quantize));
}
