/** What the kernels are held to: speed-ups over 1 bit, and the speed of earlier prototypes. */
export interface KernelGoals {
  /** Over the fastest 1-bit kernel of each layer, by subset. */
  readonly speedups: Readonly<Record<string, number>>;
  /** Of tau 4 over popcount at 1 bit. */
  readonly overPopcount: number;
  /** Milliseconds of the prototypes for 16 layers of {@link prototypeMacs}, one thread. */
  readonly prototypes: Readonly<Record<string, number>>;
}

/** Of each of the prototypes' layers: 64 channels at 56x56, 128 at 28x28, 256 at 14x14, 512 at 7x7. */
const prototypeMacs = 9 * 64 * 64 * 56 * 56;
const prototypeLayers = 16;

/** Of the Zen 3 on which they were timed, in GHz. */
export const prototypeClock = 3.24;

export const kernelGoals = {
  wasm: {
    speedups: { tau4: 2, tau5: 1.5, 'tau5-antipodal': 2, 'tau6-antipodal': 1.4 },
    overPopcount: 3,
    prototypes: { 'one-bit-popcount': 16.8, 'one-bit': 11.4, tau4: 5.68, tau5: 7.75 },
  },
  avx2: {
    speedups: { tau4: 2.2, tau5: 1.3, 'tau5-antipodal': 1.8, 'tau6-antipodal': 1.2 },
    overPopcount: 3.13,
    prototypes: { 'one-bit-popcount': 5.65, 'one-bit': 3.38, tau4: 1.75, tau5: 2.73 },
  },
} as const satisfies Record<string, KernelGoals>;

/** Binary multiplications and additions a cycle. @param clock GHz */
export function macsPerCycle(macs: number, milliseconds: number, clock: number): number {
  return macs / (milliseconds * clock * 1e6);
}

/** What a prototype came to, by its milliseconds. */
export function prototypeSpeed(milliseconds: number): number {
  return macsPerCycle(prototypeLayers * prototypeMacs, milliseconds, prototypeClock);
}
