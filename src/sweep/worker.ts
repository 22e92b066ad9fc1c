import type { RunEvent, RunStatus } from '../pipeline/events.js';
import { executeRun, type RunRequest } from '../pipeline/executor.js';
import { openStore } from '../pipeline/store.js';
import { stages } from '../stages/index.js';
import { Failure } from '../util/failure.js';

/** What a worker process is told, once: the one run that it is there for. */
export type WorkerOrder = Pick<
  RunRequest,
  'spec' | 'specFile' | 'tool' | 'tags' | 'until' | 'force'
> & { readonly store: string };

/** Why a run did not finish, as it passes between processes. */
export interface Trouble {
  readonly kind: Failure['kind'] | 'bug';
  readonly message: string;
  readonly next: readonly string[];
}

/** What a worker tells: every event of its run, and last how that ended. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly event: RunEvent }
  | {
      readonly type: 'ended';
      readonly status: Exclude<RunStatus, 'running'>;
      /** Null: it did not begin. */
      readonly run: string | null;
      readonly trouble: Trouble | null;
    };

function send(message: WorkerMessage, sent = () => {}): void {
  if (process.connected) process.send?.(message, sent);
  else sent();
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof Failure) {
    const { kind, message, next } = error;
    return { kind, message, next };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'bug', message, next: [] };
}

async function work({ store, ...order }: WorkerOrder, signal: AbortSignal): Promise<WorkerMessage> {
  const listen = (event: RunEvent) => send({ type: 'event', event });
  try {
    const request = { ...order, store: openStore(store), stages, listen, signal };
    const outcome = await executeRun(request);
    const trouble = outcome.status === 'finished' ? null : troubleOf(outcome.error);
    return { type: 'ended', status: outcome.status, run: outcome.run.id, trouble };
  } catch (error) {
    return { type: 'ended', status: 'failed', run: null, trouble: troubleOf(error) };
  }
}

// Ctrl-C reaches every process of a terminal; the one that started this one decides, and its going ends it.
process.on('SIGINT', () => {});
const controller = new AbortController();
const stop = () => {
  if (controller.signal.aborted) process.exit(130);
  controller.abort(new Failure('interrupted', 'interrupted'));
};
process.on('SIGTERM', stop);
process.on('disconnect', stop);
process.on('message', (message: 'stop' | WorkerOrder) => {
  if (message === 'stop') return stop();
  work(message, controller.signal).then((ended) => send(ended, () => process.exit(0)));
});
