import type { BinarySpec } from './binary.js';

const suffix = '-1bit';
const longestName = 64;

/**
 * The 1-bit twin of a spec: all 512 kernels, so nothing to refine, and all else equal. What a
 * sub-bit network is compared with.
 */
export function twinOf(spec: BinarySpec): BinarySpec {
  return {
    ...spec,
    name: `${spec.name.slice(0, longestName - suffix.length)}${suffix}`,
    quantize: {
      ...spec.quantize,
      tau: 9,
      subset: { structure: 'free', sampling: 'uniform' },
      refine: false,
    },
  };
}
