import { setImmediate } from 'node:timers/promises';
import { mapValues } from './record.js';

/** Repeated measurements in brief: their median, and the quartiles between which half of them lie. */
export interface Spread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  readonly repeats: number;
}

/** The value below which the share `q` (0..1) of some sorted values lies, linear between two of them. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const before = Math.floor(place);
  const after = Math.min(before + 1, sorted.length - 1);
  return sorted[before] + (place - before) * (sorted[after] - sorted[before]);
}

/** @param values one at least */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, median, upper] = [0.25, 0.5, 0.75].map((q) => quantile(sorted, q));
  return { median, lower, upper, repeats: values.length };
}

/** How often to measure. */
export interface Rounds {
  /** Rounds that count, one at least. */
  readonly repeats: number;
  /** Stops between two measurements when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** One measurement; what fails because everything is being stopped counts as stopped. */
async function measured<Sample>(
  measure: () => Sample | Promise<Sample>,
  signal: AbortSignal | undefined,
): Promise<Sample> {
  try {
    return await measure();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Milliseconds of rounds that do not count: compilers and caches warm up. */
const warmUp = 100;

/**
 * What several rivals measure in rounds in which every one of them is measured once, so that what else
 * the machine does falls on all of them alike; every other round goes backwards, so that no rival
 * always follows the same one. The first rounds, one at least, warm up and do not count.
 *
 * @param rivals each takes one measurement of itself
 * @returns [repeats] of each rival; rejects with the signal's reason when it is aborted
 */
export async function inRounds<Name extends string, Sample>(
  rivals: Readonly<Record<Name, () => Sample | Promise<Sample>>>,
  { repeats, signal }: Rounds,
): Promise<Record<Name, Sample[]>> {
  const order = Object.keys(rivals) as Name[];
  const samples = mapValues(rivals, (): Sample[] => []);
  const round = async (take: (name: Name, sample: Sample) => void) => {
    for (const name of order) {
      await setImmediate();
      signal?.throwIfAborted();
      take(name, await measured(rivals[name], signal));
    }
    order.reverse();
  };
  const started = performance.now();
  do await round(() => {});
  while (performance.now() - started < warmUp);
  for (let i = 0; i < repeats; i++) await round((name, sample) => samples[name].push(sample));
  return samples;
}

/** Milliseconds that a measurement lasts at least: what is shorter is done several times. */
export const leastTime = 2;

/** Milliseconds that some work takes: the mean of as many times as fill {@link leastTime}. */
export async function stopwatch(work: () => unknown): Promise<number> {
  const started = performance.now();
  for (let times = 1; ; times++) {
    await work();
    const taken = performance.now() - started;
    if (taken >= leastTime) return taken / times;
  }
}

/** Milliseconds that each of several rivals takes; see {@link inRounds}. */
export async function interleaved<Name extends string>(
  rivals: Readonly<Record<Name, () => unknown>>,
  rounds: Rounds,
): Promise<Record<Name, Spread>> {
  const timed = mapValues(rivals, (work) => () => stopwatch(work));
  return mapValues(await inRounds(timed, rounds), spreadOf);
}
