import type { NetworkShape } from './network.js';
import type { Activations, Padding } from './trained.js';

/**
 * Turns an accumulator into an activation, per channel c:
 *   y = S((S(round(acc, preShift)) * multiplier[c] + bias[c] + 2^(shift-1)) >> shift)
 * where round(a, 0) = a, round(a, s) = (a + 2^(s-1)) >> s and S saturates to int16. Within the bounds
 * that model/bounds.ts checks (docs/arithmetic.md) every intermediate fits 32 bits.
 */
export interface Requantizer {
  /** 0..15. */
  readonly preShift: number;
  /** 1..24. */
  readonly shift: number;
  /** -32767..32767. */
  readonly multiplier: Int16Array;
  /** |bias| + 2^(shift-1) <= 2^30. */
  readonly bias: Int32Array;
}

/** A binary 3x3 convolution: every (output, input) pair holds the index of its kernel. */
export interface PackedBinaryConv {
  readonly tau: number;
  /** `antipodal`: member i + 2^(tau-1) is the complement of member i; never with tau 9. */
  readonly structure: 'free' | 'antipodal';
  /**
   * Kernel codes of the 2^tau members (for an antipodal subset: of its first half, all below 256) in
   * strictly ascending order, so that equal networks have equal bytes and with tau 9 the index is the
   * kernel's code. Bit ky * 3 + kx of a code is 1 where the weight is +1.
   */
  readonly members: Uint16Array;
  /** [Cout, Cin], each below 2^tau. */
  readonly indices: Uint16Array;
}

/** A real-valued convolution or matrix in integers, [Cout, kernel, kernel, Cin]. */
export interface PackedReal<Weight extends Int8Array | Int16Array> {
  readonly weight: Weight;
  readonly requantizer: Requantizer;
}

/** What a block's convolution sees of the block's input x, a constant a channel; int16, [Cin]. */
export type PackedInput =
  /** +1 where x[c] >= threshold[c], else -1; beyond the edge -1 or 0, as `padding` says. */
  | { readonly activations: 'binary'; readonly threshold: Int16Array; readonly padding: Padding }
  /** S(x[c] + shift[c]), and 0 beyond the edge. */
  | { readonly activations: 'real'; readonly shift: Int16Array };

/** One block; activations are int16 with `fractionBits` fractional bits (docs/arithmetic.md). */
export interface PackedBlock {
  readonly input: PackedInput;
  readonly conv: PackedBinaryConv;
  /** Folds alpha, batch norm and shiftMid. */
  readonly requantizer: Requantizer;
  /** Null where the shortcut has no weights: the identity, or none at all. */
  readonly shortcut: PackedReal<Int8Array> | null;
  /** PReLU slope with 12 fractional bits, [Cout]. */
  readonly slope: Int16Array;
  /** [Cout]. */
  readonly shiftOut: Int16Array;
}

/** A figure that was known when the model was packed. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly kind: 'counted' | 'measured' | 'simulated' | 'modelled';
}

/** What a model was made by and found to be. Equal runs tell the same: no times, no names of runs. */
export interface Origin {
  /** SHA-256 of the fields of the spec that decide the model (docs/format.md). */
  readonly spec: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** Where a model comes from, so that any copy of it can be traced and repeated. */
export interface Provenance {
  /** SHA-256 of the trained network's file. */
  readonly trained: string;
  /** The spec's name. */
  readonly spec: string;
  readonly tool: string;
  /** Null in a model that was packed before format version 3. */
  readonly origin: Origin | null;
}

/** The deployed model: integers only. Its arithmetic is docs/arithmetic.md, its file docs/format.md. */
export interface PackedModel {
  readonly name: string;
  readonly shape: NetworkShape;
  readonly classes: readonly string[];
  /** Pixel value that enters as 0, one an input channel, 0..255; the stem pads with it. */
  readonly inputZero: Uint8Array;
  /** Fractional bits of every activation, 0..14. */
  readonly fractionBits: number;
  /** 16 bits: what the stem rounds off, every layer behind it magnifies. */
  readonly stem: PackedReal<Int16Array>;
  readonly blocks: readonly PackedBlock[];
  readonly classifier: {
    /** [classes, C]. */
    readonly weight: Int8Array;
    /** [classes]. */
    readonly bias: Int32Array;
    /** Real value of one unit of a logit; for display only, no part of the arithmetic. */
    readonly scale: number;
  };
  readonly provenance: Provenance;
}

/** What the blocks of a model see: all the same; binary where there are none. */
export function activationsOf({ blocks }: Pick<PackedModel, 'blocks'>): Activations {
  return blocks.at(0)?.input.activations ?? 'binary';
}

/** What a convolution sees of a block's input; `zero-padded`: signs, and 0 beyond the edge. */
export type Sight = 'binary' | 'real' | 'zero-padded';

/** What a block's convolution sees. */
export function sightOf(input: PackedInput): Sight {
  if (input.activations === 'real') return 'real';
  return input.padding === 'zero' ? 'zero-padded' : 'binary';
}

/** What the blocks of a model see: all the same; binary where there are none. */
export function modelSight({ blocks }: Pick<PackedModel, 'blocks'>): Sight {
  const first = blocks.at(0);
  return first ? sightOf(first.input) : 'binary';
}

/** The constants of a block's input, one an input channel. */
export function inputConstants(input: PackedInput): Int16Array {
  return input.activations === 'binary' ? input.threshold : input.shift;
}
