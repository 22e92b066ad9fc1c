import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../util/failure.js';

/**
 * Runs a simulator on a stream of commands and returns its answer.
 *
 * @throws Failure of kind `tool` when it does not start or fails; the signal's reason when aborted
 */
export async function converse(
  program: string,
  input: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Buffer> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'], signal });
  const chunks: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
    child.on('error', (error) => {
      errors += error.message;
      resolve(null);
    });
  });
  // Where the simulator stops reading, its exit code tells why; the broken pipe tells nothing.
  await pipeline(Readable.from(input), child.stdin).catch(() => {});
  const code = await ended;
  signal.throwIfAborted();
  if (code !== 0) {
    throw new Failure('tool', `the simulated accelerator failed (exit code ${code}): ${errors}`);
  }
  return Buffer.concat(chunks);
}
