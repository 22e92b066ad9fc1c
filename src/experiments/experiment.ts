/** What one run of an experiment changes in its spec: `field=value`, as after --set. */
export interface Variant {
  readonly name: string;
  readonly set: readonly string[];
}

/** Two variants whose difference is the point: same seeds, so that it is taken seed by seed. */
export interface Pairing {
  readonly variant: string;
  readonly against: string;
}

/** A goal for the mean of a variant's accuracies over the seeds, in percent. */
export interface Goal {
  readonly variant: string;
  readonly accuracy: number;
}

/** A question put to training: one spec, several variants of it, each with every seed. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** What is asked, and of what; a paragraph of Markdown. */
  readonly question: string;
  /** Path in the package. */
  readonly spec: string;
  readonly seeds: readonly number[];
  readonly variants: readonly Variant[];
  readonly pairings: readonly Pairing[];
  readonly goals: readonly Goal[];
}

/** What one run found. */
export interface Outcome {
  readonly variant: string;
  readonly seed: number;
  /** Of the trained network, in percent of all test images. */
  readonly accuracy: number;
  /** Of its packed, integer-only form; null where it was not packed. */
  readonly packedAccuracy: number | null;
  /** Seconds of training. */
  readonly seconds: number;
  /** SHA-256 over the trained artifact: the same again means the same network. */
  readonly digest: string;
}

/** An experiment's outcomes as they are kept: `docs/experiments/<name>.json`. */
export interface ExperimentRecord {
  readonly experiment: string;
  /** Version of the program. */
  readonly tool: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** ISO 8601, UTC: when the last of its runs ended. */
  readonly date: string;
  readonly outcomes: readonly Outcome[];
}
