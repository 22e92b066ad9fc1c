import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../util/paths.js';
import type { NpmMessage, NpmTask } from './npm-worker.js';
import { commandLine } from './process.js';
import { openLog, type ToolContext, toolFailure } from './tool.js';

export type ToolFiles = Readonly<Record<string, string | Uint8Array>>;

/**
 * Runs a tool of an npm package in a worker thread of its own: files in, files out; its output goes
 * to its log and, line by line, to the events. Aborting ends the thread.
 *
 * @returns every file that the tool left behind
 * @throws Failure of kind `tool` with the tool's own message; the signal's reason when aborted
 */
export async function runNpmTool(
  task: NpmTask,
  context: ToolContext,
): Promise<Readonly<Record<string, Uint8Array>>> {
  context.signal.throwIfAborted();
  const command = commandLine({ program: task.command, args: task.args });
  const log = openLog(task.command, command, context);
  const worker = new Worker(workerEntry('fpga/tools/npm-worker'), { workerData: task });
  const abort = () => void worker.terminate();
  context.signal.addEventListener('abort', abort, { once: true });

  type End = Extract<NpmMessage, { type: 'done' }> | { type: 'broken'; how: string };
  const end = await new Promise<End>((resolve) => {
    worker.on('message', (message: NpmMessage) => {
      if (message.type === 'output') log.write(message.text);
      else resolve(message);
    });
    worker.on('error', (error) => {
      log.write(`${error.message}\n`);
      resolve({ type: 'broken', how: 'broke down' });
    });
    worker.on('exit', () => resolve({ type: 'broken', how: 'ended without a result' }));
  });
  context.signal.removeEventListener('abort', abort);
  await worker.terminate();
  await log.close();
  context.signal.throwIfAborted();
  if (end.type === 'broken') throw toolFailure(task.command, command, log, end.how);
  if (end.code !== 0) {
    throw toolFailure(task.command, command, log, `failed with exit code ${end.code}`);
  }
  return end.files;
}
