import type { Requantizer } from '../model/packed.js';

/** A requantiser made ready for a loop: the rounding constants are folded into offset and half. */
export interface ReadyRequantizer {
  readonly preShift: number;
  /** 2^(preShift-1), or 0 where there is no preShift. */
  readonly half: number;
  readonly shift: number;
  readonly multiplier: Int16Array;
  /** bias + 2^(shift-1). */
  readonly offset: Int32Array;
}

/** Prepares a requantiser for {@link requantized}. */
export function readyRequantizer(requantizer: Requantizer): ReadyRequantizer {
  const { preShift, shift, multiplier, bias } = requantizer;
  const half = preShift > 0 ? 1 << (preShift - 1) : 0;
  return { preShift, half, shift, multiplier, offset: bias.map((b) => b + (1 << (shift - 1))) };
}

/** Saturates an int32 to int16. */
export function saturated(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

/** Accumulator to int16 activation of channel `c`: Q(acc, c) of docs/arithmetic.md. */
export function requantized(acc: number, q: ReadyRequantizer, c: number): number {
  const product = Math.imul((acc + q.half) >> q.preShift, q.multiplier[c]);
  return saturated((product + q.offset[c]) >> q.shift);
}
