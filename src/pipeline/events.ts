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
