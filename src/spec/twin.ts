import type { Spec } from './types.js';

const suffix = '-1bit';
const longestName = 64;

/** Whether a spec is a plain 1-bit network: its own baseline. */
export function isOneBit({ quantize }: Spec): boolean {
  return quantize.tau === 9;
}

/**
 * The 1-bit twin of a spec: all 512 kernels, so nothing to refine, and all else equal. What a
 * sub-bit network is compared with.
 */
export function twinOf(spec: Spec): Spec {
  return {
    ...spec,
    name: `${spec.name.slice(0, longestName - suffix.length)}${suffix}`,
    quantize: {
      ...spec.quantize,
      tau: 9,
      subset: { ...spec.quantize.subset, structure: 'free' },
      refine: false,
    },
  };
}
