import { createHash } from 'node:crypto';

/** A deterministic source of random numbers. */
export interface RandomStream {
  /** Uniform integer in [0, 2^32). */
  readonly uint32: () => number;
  /** Uniform real in [0, 1), 32 bits of resolution. */
  readonly uniform: () => number;
  /** Uniform integer in [0, n), without modulo bias; n in 1..2^32. */
  readonly below: (n: number) => number;
  /** Standard normal deviate (Box-Muller). */
  readonly normal: () => number;
}

/**
 * The stream named by `path` under `seed`. The same seed and path give the same numbers on every
 * machine; different paths are independent, so a new draw in one place never shifts another's.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), its state the SHA-256 of seed and path.
 *
 * @example stream(spec.seed, 'shuffle', epoch)
 */
export function stream(seed: number, ...path: (string | number)[]): RandomStream {
  const state = createHash('sha256')
    .update(JSON.stringify([seed, ...path]))
    .digest();
  let a = state.readUInt32LE(0);
  let b = state.readUInt32LE(4);
  let c = state.readUInt32LE(8);
  let counter = state.readUInt32LE(12);

  const uint32 = () => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  const uniform = () => uint32() / 2 ** 32;
  const below = (n: number) => {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let draw = uint32();
    while (draw >= limit) draw = uint32();
    return draw % n;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

  return { uint32, uniform, below, normal };
}

/** The integers 0..n-1 in random order (Fisher-Yates). */
export function permutation(n: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
