/** Whether a figure was counted exactly, measured on this machine, simulated or modelled. */
export type FigureKind = 'counted' | 'measured' | 'simulated' | 'modelled';

/** A figure that a stage found, always with its unit and the way it was come by. */
export interface Metric {
  readonly value: number;
  readonly unit: string;
  readonly kind: FigureKind;
}

/** Figures by name, in the order in which a person should read them. */
export type Metrics = Readonly<Record<string, Metric>>;

/** What a running stage tells whoever watches. */
export type StageEvent =
  | {
      readonly type: 'training';
      readonly epoch: number;
      readonly epochs: number;
      readonly image: number;
      readonly images: number;
      readonly loss: number;
      /** Share of this epoch's training images classified right so far, 0..1. */
      readonly accuracy: number;
      /** Share of the validation images classified right behind the epoch before, 0..1. */
      readonly validation?: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  /** A step worth a line of its own, such as `verified 100 images, layer by layer`. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  /** A line that an external tool printed. */
  | { readonly type: 'log'; readonly source: string; readonly text: string };

/** How a run stands or ended. */
export type RunStatus = 'running' | 'finished' | 'failed' | 'interrupted';

/** How a stage of a run stands or ended; `not-asked`: outside the range that was asked for. */
export type StageStatus = 'waiting' | RunStatus | 'skipped' | 'not-asked';

/** What a run tells whoever watches: the one source of live progress, plain lines and JSON lines. */
export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly spec: string;
      /** Every stage that belongs to the run, in order. */
      readonly stages: readonly string[];
    }
  | {
      readonly type: 'stage-started';
      readonly stage: string;
      /** Why it has to run, one reason each, such as `train.epochs 4 -> 8`. */
      readonly because: readonly string[];
    }
  | { readonly type: 'stage-event'; readonly stage: string; readonly event: StageEvent }
  | { readonly type: 'stage-skipped'; readonly stage: string; readonly reason: string }
  | {
      readonly type: 'stage-finished';
      readonly stage: string;
      /** Whether an artifact from before was used instead of running. */
      readonly cached: boolean;
      /** Spent in this run. */
      readonly seconds: number;
      readonly digest: string;
      readonly metrics: Metrics;
    }
  | {
      readonly type: 'stage-failed';
      readonly stage: string;
      readonly status: 'failed' | 'interrupted';
      readonly message: string;
    }
  | {
      readonly type: 'run-finished';
      readonly run: string;
      readonly status: Exclude<RunStatus, 'running'>;
      readonly seconds: number;
    };
