import type { FigureKind } from '../pipeline/events.js';

/** One line of the bench: a figure of today beside its goal. */
export interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** Null where the figure only stands beside another. */
  readonly goal: number | null;
  readonly better: 'higher' | 'lower';
  readonly kind: Exclude<FigureKind, 'counted'>;
  /** What a ratio or speed-up is measured against, in the same run. */
  readonly baseline: string | null;
}

/** Measures one part of the tool; `note` tells a waiting person what is going on. */
export type Suite = (note: (text: string) => void) => Promise<readonly Figure[]>;

/** Whether a figure meets its goal; null without one. */
export function meetsGoal({ value, goal, better }: Figure): boolean | null {
  if (goal === null) return null;
  return better === 'higher' ? value >= goal : value <= goal;
}

/** Median of some measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds that each of several rivals takes in rounds in which every rival runs once. */
async function timesOf(
  rivals: Readonly<Record<string, () => unknown>>,
  rounds: number,
): Promise<Map<string, number[]>> {
  const names = Object.keys(rivals);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      await rivals[name]();
      if (round > 0) times.get(name)?.push(performance.now() - started);
    }
  }
  return times;
}

/**
 * Milliseconds that each of several rivals takes: the median over rounds in which every rival runs
 * once, so that what else the machine does falls on all of them alike. The first round warms up and
 * does not count.
 */
export async function interleaved<Name extends string>(
  rivals: Readonly<Record<Name, () => unknown>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const times = await timesOf(rivals, rounds);
  const medians = [...times].map(([name, values]) => [name, median(values)]);
  return Object.fromEntries(medians) as Record<Name, number>;
}

/**
 * As {@link interleaved}, but the least of each rival's times: for calls of a millisecond, which what
 * else the machine does either hits in full or not at all.
 */
export async function fastest<Name extends string>(
  rivals: Readonly<Record<Name, () => unknown>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const times = await timesOf(rivals, rounds);
  const least = [...times].map(([name, values]) => [name, Math.min(...values)]);
  return Object.fromEntries(least) as Record<Name, number>;
}
