import type { Metrics } from '../pipeline/events.js';

/** What one epoch found: a row of history.json. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean training cross-entropy. */
  readonly loss: number;
  /** Share of training images classified right while training, 0..1. */
  readonly accuracy: number;
  /** Share of validation images classified right behind the epoch, 0..1; absent without any. */
  readonly validation?: number;
}

/** The epoch that classifies most validation images right, the first of several; null: none did. */
export function bestOf(history: readonly EpochRecord[]): EpochRecord | null {
  return history.reduce<EpochRecord | null>((best, record) => {
    if (record.validation === undefined) return best;
    return record.validation > (best?.validation ?? -1) ? record : best;
  }, null);
}

/** What training has to show for itself. */
export interface TrainingOutcome {
  /** The epoch whose network is handed on. */
  readonly kept: EpochRecord | undefined;
  readonly epochs: number;
  readonly validationImages: number;
  /** Null: nothing was left to train. */
  readonly imagesPerSecond: number | null;
  readonly seconds: number;
}

/** The figures of a training run. */
export function trainingMetrics(outcome: TrainingOutcome): Metrics {
  const { kept, epochs, validationImages, imagesPerSecond, seconds } = outcome;
  return {
    ...(kept && {
      'training loss': { value: kept.loss, unit: 'nats', kind: 'measured' },
      'training accuracy': { value: 100 * kept.accuracy, unit: '%', kind: 'measured' },
    }),
    ...(kept?.validation !== undefined && {
      'validation accuracy': {
        value: 100 * kept.validation,
        unit: `% of ${validationImages} images`,
        kind: 'measured',
      },
      'kept epoch': { value: kept.epoch, unit: `of ${epochs}`, kind: 'counted' },
    }),
    ...(imagesPerSecond !== null && {
      'training speed': { value: imagesPerSecond, unit: 'images/s', kind: 'measured' },
    }),
    'training time': { value: seconds, unit: 's', kind: 'measured' },
  };
}
