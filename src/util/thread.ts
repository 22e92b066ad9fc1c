import { Worker } from 'node:worker_threads';
import { workerEntry } from './paths.js';

/** A worker thread that answers requests in the order in which it is asked. */
export interface Thread<Request, Reply> {
  /** Rejects when the thread fails or has ended, now or at any time before. */
  ask(request: Request): Promise<Reply>;
  stop(): Promise<void>;
}

interface Waiting<Reply> {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/**
 * Starts a worker thread that posts one reply for each message.
 *
 * @param entry its file, as `workerEntry` takes it
 * @param name what to call it where it ends unasked
 */
export function startThread<Request, Reply>(
  entry: string,
  name: string,
  workerData: unknown,
): Thread<Request, Reply> {
  const worker = new Worker(workerEntry(entry), { workerData });
  const waiting: Waiting<Reply>[] = [];
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  worker.on('message', (reply: Reply) => waiting.shift()?.resolve(reply));
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error(`${name} was closed, or a thread of it ended`)));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting.push({ resolve, reject });
        worker.postMessage(request);
      }),
    async stop() {
      await worker.terminate();
    },
  };
}

/** What all promises give, once every one is settled; the first failure among them is thrown. */
export async function allSettled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
