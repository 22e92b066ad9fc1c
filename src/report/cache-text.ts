import type { CacheUse, Collected, Damage } from '../pipeline/cache.js';
import { printable } from '../spec/problem.js';
import { scaled } from './scaled.js';
import { table } from './table.js';

/** What `snn cache du` prints: stages by the bytes of their artifacts, checkpoints, and the sum. */
export function cacheUseText(use: {
  readonly stages: Readonly<Record<string, CacheUse>>;
  readonly scratch: CacheUse;
}): string {
  const parts = Object.entries(use.stages).sort(([, a], [, b]) => b.bytes - a.bytes);
  const rows: readonly (readonly [string, CacheUse])[] = [...parts, ['checkpoints', use.scratch]];
  const total = rows.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const count = rows.reduce((sum, [, { count }]) => sum + count, 0);
  return table(
    [
      { head: 'stage', align: 'left' },
      { head: 'artifacts', align: 'right' },
      { head: 'size', align: 'right' },
    ],
    [...rows, ['all', { count, bytes: total }] as const].map(([stage, { count, bytes }]) => [
      printable(stage),
      count,
      scaled(bytes, 'B'),
    ]),
  );
}

/** What `snn cache gc` prints. */
export function collectedText({ artifacts, scratch }: Collected, dryRun: boolean): string {
  const bytes = [...artifacts, ...scratch].reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = [
    ...artifacts.map(({ stage, fingerprint, bytes }) => [
      `${stage}/${fingerprint.slice(0, 12)}`,
      bytes,
    ]),
    ...scratch.map(({ name, bytes }) => [`checkpoints of ${name.slice(0, 24)}`, bytes]),
  ] as const;
  if (lines.length === 0) return 'every artifact belongs to a run: there is nothing to remove';
  const done = dryRun ? 'would be removed' : 'removed';
  return [
    ...lines.map(([what, size]) => `${printable(String(what))}  ${scaled(Number(size), 'B')}`),
    `${artifacts.length} artifacts and ${scratch.length} checkpoints ${done}: ${scaled(bytes, 'B')}`,
  ].join('\n');
}

/** What is wrong with each damaged artifact. */
export function damageText(damaged: readonly Damage[]): string {
  return damaged
    .map(({ stage, fingerprint, file, problem }) => {
      return `${printable(stage)}/${printable(fingerprint)}: ${printable(file)} ${problem}`;
    })
    .join('\n');
}
