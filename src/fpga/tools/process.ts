import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { errorCode } from '../../util/files.js';
import { openLog, type ToolContext, toolFailure } from './tool.js';

/** A native program to run. */
export interface ProcessCall {
  /** Name for messages and for the log's file. */
  readonly tool: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`);

/** The call as a person would type it. */
export function commandLine({ program, args }: Pick<ProcessCall, 'program' | 'args'>): string {
  return [program, ...args].map(quote).join(' ');
}

/**
 * Runs a native program to its end; its output goes to its log and, line by line, to the events.
 *
 * @throws Failure of kind `tool` if it cannot start or does not exit with 0; the signal's reason when aborted
 */
export async function runProcess(call: ProcessCall, context: ToolContext): Promise<void> {
  const command = commandLine(call);
  const log = openLog(call.tool, command, context);
  context.signal.throwIfAborted();
  const how = await new Promise<string | null>((resolve) => {
    const child = spawn(call.program, [...call.args], {
      ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that aborting it ends the compilers that it started too.
      detached: true,
    });
    const abort = () => {
      if (child.pid !== undefined) killGroup(child.pid);
    };
    context.signal.addEventListener('abort', abort, { once: true });
    child.stdout.setEncoding('utf8').on('data', log.write);
    child.stderr.setEncoding('utf8').on('data', log.write);
    child.on('error', (error) => {
      log.write(`${error.message}\n`);
      resolve('did not start');
    });
    child.on('close', (code, signal) => {
      context.signal.removeEventListener('abort', abort);
      resolve(
        code === 0 ? null : signal ? `was killed by ${signal}` : `failed with exit code ${code}`,
      );
    });
  });
  await log.close();
  context.signal.throwIfAborted();
  if (how !== null) throw toolFailure(call.tool, command, log, how);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** First line that `program` prints for `args`, such as its version, or null if it is not on PATH. */
export async function firstLine(program: string, ...args: string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args);
    return (stdout || stderr).trim().split('\n')[0];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
