import type { BinaryQuantizeSpec, Spec } from './types.js';

/** The spec of a network with binary weights. */
export type BinarySpec = Spec & { readonly quantize: BinaryQuantizeSpec };

/** Whether a spec's weights are binary: whether it has subsets, bits per weight and a 1-bit twin. */
export function isBinary(spec: Spec): spec is BinarySpec {
  return spec.quantize.binarize !== 'none';
}

/** Whether a spec is a sub-bit network: binary weights out of less than all 512 kernels. */
export function isSubBit(spec: Spec): spec is BinarySpec {
  return isBinary(spec) && spec.quantize.tau !== 9;
}

/** How a binary network is quantised; for what has made sure that it is one. */
export function binaryQuantization({ quantize }: Pick<Spec, 'quantize'>): BinaryQuantizeSpec {
  if (quantize.binarize === 'none') throw new Error('a real-valued network is not quantised');
  return quantize;
}

/** Why a spec's network is not turned into integers; null: it is. */
export function whyNotPacked(spec: Spec): string | null {
  return isBinary(spec) ? null : 'quantize.binarize is none: weights stay real';
}
