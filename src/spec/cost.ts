import { costOf, type NetworkCost } from '../model/cost.js';
import { isBinary } from './binary.js';
import { networkShape } from './shape.js';
import type { Spec } from './types.js';

/** What the binary layers of a spec's network cost; null: it is real-valued and has none. */
export function binaryCostOf(spec: Spec): NetworkCost | null {
  if (!isBinary(spec)) return null;
  const { tau, subset } = spec.quantize;
  return costOf(networkShape(spec), { tau, structure: subset.structure });
}
