import type { PackedModel } from '../model/packed.js';
import { referenceTrace } from '../model/reference.js';
import type { LayerTrace } from '../model/trace.js';
import type { NetworkPlan } from './plan.js';

/** A test image with every map of its way through the network, by the reference. */
export interface GoldenImage {
  /** Number of the test image. */
  readonly image: number;
  /** [height, width, channels]. */
  readonly pixels: Uint8Array;
  /** The map of each step; null where the reference does not trace it. */
  readonly maps: readonly (LayerTrace | null)[];
}

/**
 * What every step of a plan must give on one image, by the arithmetic reference.
 *
 * @param pixels [height, width, channels]
 */
export function goldenImage(
  model: PackedModel,
  plan: Pick<NetworkPlan, 'steps'>,
  pixels: Uint8Array,
  image: number,
): GoldenImage {
  const trace = new Map(referenceTrace(model, pixels).map((map) => [map.name, map]));
  return { image, pixels, maps: plan.steps.map(({ step }) => trace.get(step.name) ?? null) };
}
