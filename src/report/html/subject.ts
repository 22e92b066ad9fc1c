import type { NetworkCost } from '../../model/cost.js';
import { binaryCostOf } from '../../spec/cost.js';
import type { RunEvidence } from '../../stages/run-evidence.js';
import { type Comparison, compareRuns } from '../compare.js';

/** A run as the sections of a report take it. */
export interface Subject extends RunEvidence {
  /** From 1, the mark of the run in drawings. */
  readonly number: number;
  readonly title: string;
  /** Null: the network is real-valued. */
  readonly cost: NetworkCost | null;
}

/** Runs with their numbers and titles, and their figures side by side. */
export interface Subjects {
  readonly subjects: readonly Subject[];
  readonly comparison: Comparison;
}

/** Numbers runs in the order in which they come. */
export function subjectsOf(evidence: readonly RunEvidence[]): Subjects {
  const comparison = compareRuns(evidence.map(({ run }) => run));
  const subjects = evidence.map((found, i) => ({
    ...found,
    number: i + 1,
    title: comparison.runs[i].title,
    cost: binaryCostOf(found.run.spec),
  }));
  return { subjects, comparison };
}

/** A colour a run, as long as there are enough that are told apart. */
export const colours = 8;

/** The CSS colour of a run's lines. */
export function colourOf({ number }: Pick<Subject, 'number'>): string {
  return `var(--run${((number - 1) % colours) + 1})`;
}
