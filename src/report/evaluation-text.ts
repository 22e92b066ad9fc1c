import type { Evaluation } from '../evaluation/evaluate.js';

/** What a model was found to do, for people. */
export function evaluationText(evaluation: Evaluation): string {
  const { images, skipped, top1, top5, seconds, threads } = evaluation;
  const percent = (value: number) => `${value.toFixed(2)} %`;
  const rows = [
    ['top-1', `${percent(top1)} of ${images} images`],
    ...(top5 === null ? [] : [['top-5', percent(top5)]]),
    ...(skipped > 0 ? [['skipped', `${skipped} images that cannot be read`]] : []),
    [
      'speed',
      `${(images / seconds).toFixed(1)} images/s with reading them, measured, ${threads} threads`,
    ],
  ];
  return rows.map(([label, text]) => `${label.padEnd(7)}  ${text}`).join('\n');
}
