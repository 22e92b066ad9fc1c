import type { PlannedStage } from '../pipeline/plan.js';
import { describeReason, type Reason } from '../pipeline/reasons.js';
import type { Failure } from '../util/failure.js';
import { duration } from './progress-text.js';

/** Where a field of the spec was written, `file:line:column`; null where it is a default. */
export type Locate = (field: string) => string | null;

/** What `snn plan` prints: a line a stage, with every reason; then what would make the run fail. */
export function planText(
  planned: readonly PlannedStage[],
  locate: Locate,
  failures: readonly Failure[],
): string {
  const width = Math.max(...planned.map(({ name }) => name.length));
  const lines = planned.flatMap((stage) =>
    planLines(stage, locate).map((line, index) => {
      const label = index === 0 ? stage.name : '';
      return `${label.padEnd(width)}  ${line}`;
    }),
  );
  const troubles = failures.flatMap(({ message, next }) => [
    '',
    `would fail: ${message}`,
    ...next.map((text) => `next: ${text}`),
  ]);
  return [...lines, ...troubles].join('\n');
}

function planLines(stage: PlannedStage, locate: Locate): readonly string[] {
  switch (stage.status) {
    case 'cached': {
      const { seconds, createdAt } = stage.artifact.manifest;
      return [
        `cached     made ${createdAt.slice(0, 16).replace('T', ' ')} UTC in ${duration(seconds)}`,
      ];
    }
    case 'will-run': {
      // The file that is at hand is that of the run's own spec.
      const find = stage.of ? () => null : locate;
      const reasons = stage.reasons.map((reason) => reasonText(reason, find));
      const hope = stage.mayBeReused ? ' (may be reused if that comes out the same)' : '';
      const [first = '', ...more] = reasons;
      return [`will run   ${first}`, ...more.map((text) => `           ${text}`)].map(
        (line, index, all) => (index === all.length - 1 ? line + hope : line),
      );
    }
    case 'skipped':
      return [`skipped    ${stage.reason}`];
    case 'not-asked':
      return ['not asked for'];
  }
}

function reasonText(reason: Reason, locate: Locate): string {
  const place = reason.kind === 'changed' ? locate(reason.field) : null;
  return describeReason(reason) + (place === null ? '' : ` (${place})`);
}

/** What `snn plan --json` prints. */
export function planDocument(
  planned: readonly PlannedStage[],
  failures: readonly Failure[],
): object {
  return {
    stages: planned.map(stageDocument),
    failures: failures.map(({ kind, message, next }) => ({ kind, message, next })),
  };
}

function stageDocument(stage: PlannedStage): object {
  const { name, status } = stage;
  switch (stage.status) {
    case 'cached': {
      const { digest } = stage.artifact.manifest;
      return { name, status, fingerprint: stage.fingerprint, digest };
    }
    case 'will-run': {
      const because = stage.reasons.map((reason) => ({ ...reason, text: describeReason(reason) }));
      return { name, status, because, mayBeReused: stage.mayBeReused };
    }
    case 'skipped':
      return { name, status, reason: stage.reason };
    case 'not-asked':
      return { name, status };
  }
}
