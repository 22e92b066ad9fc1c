import { describeProblem, type Problem, printable } from '../spec/problem.js';
import type { PlannedExperiment, SweepSummary } from '../sweep/plan.js';
import type { ExperimentOutcome, SweepEvent } from '../sweep/run.js';
import { duration, isPassing, stageEventText } from './progress-text.js';
import { table } from './table.js';

/** Experiments that a plan lists one by one; of more it tells how many there are. */
const mostListed = 60;

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What all experiments together come to, in one line. */
export function summaryText({ experiments, done, stages, cached }: SweepSummary): string {
  const finished = done > 0 ? ` (${done} finished before)` : '';
  return `${counted(experiments, 'experiment')}${finished}, ${counted(stages, 'distinct stage')}, ${cached} cached`;
}

/** What `snn sweep --plan` prints: how far each experiment is, what is shared, and the sum. */
export function sweepPlanText(
  planned: readonly PlannedExperiment[],
  summary: SweepSummary,
): string {
  const rows = planned.slice(0, mostListed).map(({ spec, stages, done }) => {
    const open = stages.filter(({ cached }) => !cached).map(({ name }) => name);
    const rest = open.length === 0 ? 'all cached' : `will run ${open.join(', ')}`;
    return [printable(spec.name), done ? 'finished' : rest];
  });
  const hidden = planned.length - rows.length;
  const shared = Object.entries(summary.byStage).map(([name, { asked, distinct, cached }]) => [
    name,
    asked,
    distinct,
    cached,
  ]);
  return [
    table(
      [
        { head: 'experiment', align: 'left' },
        { head: '', align: 'left' },
      ],
      rows,
    ),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
    '',
    table(
      [
        { head: 'stage', align: 'left' },
        { head: 'asked for', align: 'right' },
        { head: 'distinct', align: 'right' },
        { head: 'cached', align: 'right' },
      ],
      shared,
    ),
    '',
    summaryText(summary),
  ].join('\n');
}

/** What `snn sweep --plan --json` prints. */
export function sweepPlanDocument(
  name: string,
  planned: readonly PlannedExperiment[],
  summary: SweepSummary,
  warnings: readonly Problem[],
): object {
  return {
    sweep: name,
    summary,
    warnings: warnings.map(describeProblem),
    experiments: planned.map(({ spec, values, stages, done }) => ({
      name: spec.name,
      values,
      stages,
      run: done?.id ?? null,
    })),
  };
}

/** Writes a line for every step of a sweep that is worth one. */
export function sweepLines(
  total: number,
  write: (line: string) => void,
): (event: SweepEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'experiment-started':
        return write(`${event.name}: started (${event.index + 1} of ${total})`);
      case 'experiment-held':
        return write(`${event.name}: another process is at it`);
      case 'experiment-event': {
        const { event: inner, name } = event;
        if (inner.type === 'stage-started') write(`${name}: ${inner.stage}`);
        if (inner.type === 'stage-event' && !isPassing(inner.event)) {
          write(`${name}: ${inner.stage}: ${stageEventText(inner.event)}`);
        }
        return;
      }
      case 'experiment-ended': {
        const { name, status, seconds, ended, trouble } = event;
        if (status === 'cached') return;
        const why = trouble === null ? '' : `: ${trouble.message.split('\n')[0]}`;
        return write(`[${ended}/${total}] ${name} ${status} in ${duration(seconds)}${why}`);
      }
    }
  };
}

/** How a sweep ended: `20 finished, 3 cached, 1 failed`. */
export function outcomesText(outcomes: readonly ExperimentOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status.replace('-', ' ')}`).join(', ');
}
