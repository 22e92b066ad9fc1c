import type { ImageSource } from '../data/source.js';
import type { Metrics, StageEvent } from '../pipeline/events.js';

/** Tells how many images were passed over, if any: a note, and the figure for the stage's metrics. */
export function tellSkipped(
  { skipped }: Pick<ImageSource, 'skipped'>,
  emit: (event: StageEvent) => void,
): Metrics {
  if (skipped.size === 0) return {};
  const images = skipped.size === 1 ? '1 image that cannot' : `${skipped.size} images that cannot`;
  emit({ type: 'note', text: `passed over ${images} be read (data.onCorrupt: skip)` });
  return { 'skipped images': { value: skipped.size, unit: 'images', kind: 'counted' } };
}
