/** Milliseconds after which a thread that waits for others takes one of them for lost. */
const patience = 30_000;

/** Looks at the others' progress before a thread goes to sleep: some microseconds. */
const spins = 2000;

/** 32-bit words that a barrier takes. */
export const barrierWords = 2;

/**
 * Waits until all of `threads` threads have come here. It can be used again at once.
 *
 * @param words int32 in shared memory, [2], 0 at first: threads that are here, rounds that are over
 * @throws Error where a thread stays away
 */
export function meet(words: Int32Array, threads: number): void {
  const round = Atomics.load(words, 1);
  if (Atomics.add(words, 0, 1) === threads - 1) {
    Atomics.store(words, 0, 0);
    Atomics.add(words, 1, 1);
    Atomics.notify(words, 1);
    return;
  }
  for (let i = 0; i < spins; i++) if (Atomics.load(words, 1) !== round) return;
  if (Atomics.wait(words, 1, round, patience) === 'timed-out') {
    throw new Error('a thread of the runtime stays away');
  }
}
