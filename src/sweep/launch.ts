import { fork } from 'node:child_process';
import type { RunEvent } from '../pipeline/events.js';
import { workerEntry } from '../util/paths.js';
import type { WorkerMessage, WorkerOrder } from './worker.js';

/** How a run in a process of its own ended. */
export type Ended = Omit<Extract<WorkerMessage, { type: 'ended' }>, 'type'>;

/** Runs one experiment. */
export type Launch = (
  order: WorkerOrder,
  listen: (event: RunEvent) => void,
  signal: AbortSignal,
) => Promise<Ended>;

/** Of what a process that dies without a word has printed, as much as its end. */
const keptOutput = 2000;

/**
 * Runs an experiment in a process of its own, so that nothing that it does to its process reaches the
 * others. Aborting the signal lets it save what it has. A process that dies is a failed run.
 */
export const launchProcess: Launch = (order, listen, signal) =>
  new Promise((resolve, reject) => {
    const child = fork(workerEntry('sweep/worker'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
    });
    let ended: Ended | null = null;
    let printed = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-keptOutput);
    });
    const stop = () => {
      if (child.connected) child.send('stop');
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: WorkerMessage) => {
      if (message.type === 'event') return listen(message.event);
      const { type: _, ...how } = message;
      ended = how;
    });
    child.on('error', reject);
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', stop);
      const how = killed ? `was killed by ${killed}` : `ended with code ${code}`;
      const message = [`its process ${how}`, printed.trim()].filter(Boolean).join('\n');
      const next = ['run the sweep again: it goes on where it was saved'];
      const lost: Ended = { status: 'failed', run: null, trouble: { kind: 'tool', message, next } };
      resolve(ended ?? lost);
    });
    child.send(order);
    if (signal.aborted) stop();
  });
