import { styleText } from 'node:util';
import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import type { RunEvent } from '../pipeline/events.js';
import type { Progress } from './progress.js';
import { finishedText, isPassing, stageEventText } from './progress-text.js';

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;
type Ending = 'finished' | 'skipped' | 'failed';

/** One stage on the screen. */
interface Row {
  /** The stage's name and what is to be said of it. */
  headline: string;
  /** Notes and warnings, one a line below it; they stay. */
  readonly kept: string[];
  /** The line that the next event replaces. */
  passing: string;
  ending: Ending | null;
  /** Called after every change. */
  changed: () => void;
}

const dim = (text: string) => styleText('dim', text);

/** Progress as rows on a terminal, one a stage, redrawn in place. */
export function liveRows(): Progress {
  const rows = new Map<string, Row>();
  let drawing: Promise<unknown> = Promise.resolve();
  const listen = (event: RunEvent) => {
    if (event.type === 'run-started') {
      for (const stage of event.stages) {
        const row = { headline: stage, kept: [], passing: '', ending: null, changed: () => {} };
        rows.set(stage, row);
      }
      drawing = drawRows([...rows.values()]);
    }
    if (!('stage' in event)) return;
    const row = rows.get(event.stage);
    if (row === undefined) return;
    update(row, event);
    row.changed();
  };
  return {
    listen,
    close: async () => {
      await drawing;
    },
  };
}

/** Hands the rows to listr2; resolves when all have ended, or one has failed. */
async function drawRows(rows: readonly Row[]): Promise<void> {
  const tasks = rows.map((row) => ({
    title: row.headline,
    task: (_: unknown, task: Task) =>
      new Promise<void>((resolve, reject) => {
        row.changed = () => {
          task.title = [row.headline, ...row.kept].join('\n');
          task.output = row.passing;
          if (row.ending === 'skipped') task.skip();
          if (row.ending === 'failed') reject(new Error(row.headline));
          else if (row.ending !== null) resolve();
        };
        row.changed();
      }),
  }));
  const list = new Listr<unknown, 'default', 'simple'>(tasks, {
    // Ctrl-C is for the running stage: it saves its work first.
    registerSignalListeners: false,
    rendererOptions: { showErrorMessage: false, showSkipMessage: false },
  });
  await list.run().catch(() => undefined);
}

function update(row: Row, event: Extract<RunEvent, { readonly stage: string }>): void {
  switch (event.type) {
    case 'stage-started':
      row.headline = `${event.stage} ${dim(event.because.join(', '))}`;
      return;
    case 'stage-event':
      if (isPassing(event.event)) row.passing = stageEventText(event.event);
      else row.kept.push(dim(stageEventText(event.event)));
      return;
    case 'stage-skipped':
      row.headline = `${event.stage} ${dim(`skipped - ${event.reason}`)}`;
      row.ending = 'skipped';
      return;
    case 'stage-finished':
      row.headline = `${event.stage} ${dim(finishedText(event))}`;
      row.passing = '';
      row.ending = 'finished';
      return;
    case 'stage-failed':
      row.headline = `${event.stage} ${dim(event.status)}`;
      row.passing = '';
      row.ending = 'failed';
      return;
  }
}
