import type { NetworkShape } from '../model/network.js';
import { Failure } from '../util/failure.js';
import { isBinary, whyNotPacked } from './binary.js';
import { networkShape } from './shape.js';
import type { Spec } from './types.js';

/**
 * The network that a spec would put on an FPGA, with the largest tau of its layers.
 *
 * @throws Failure of kind `input` where it is not binary in weights and activations
 */
export function networkOf(spec: Spec): { shape: NetworkShape; tau: number } {
  const why = whyNotPacked(spec);
  if (why !== null || !isBinary(spec)) {
    throw new Failure('input', `${spec.name} has nothing to put on an FPGA: ${why}`);
  }
  const { tau } = spec.quantize;
  return {
    shape: networkShape(spec),
    tau: typeof tau === 'number' ? tau : Math.max(...Object.values(tau)),
  };
}
