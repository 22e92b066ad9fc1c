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
