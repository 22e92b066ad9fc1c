import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { StageEvent } from '../../pipeline/events.js';
import { Failure } from '../../util/failure.js';

/** Where a tool runs and who watches it. */
export interface ToolContext {
  /** Folder that keeps the tools' logs, one `<tool>.log` each. */
  readonly logs: string;
  readonly emit: (event: StageEvent) => void;
  readonly signal: AbortSignal;
}

/** A tool's output as it comes: kept in a file, told as events, its complaint remembered. */
export interface ToolLog {
  readonly path: string;
  /** Takes output in pieces of any size. */
  readonly write: (text: string) => void;
  /** Writes the rest and closes the file. */
  readonly close: () => Promise<void>;
  /** What the tool itself says went wrong: the first line that tells of an error, or else its last line. */
  readonly message: () => string;
}

/** Verilator's warnings end its run, so they count. */
const tellsError = /^%(Error|Warning)|\b(error|fatal)\b/i;

/** Lines of talkative tools that are worth telling; of the others every line is. */
const headlines: Readonly<Record<string, RegExp>> = {
  yosys: /^\d+(\.\d+)*\. |^(Warning|ERROR)/,
};

/** Starts the log of `tool`; `command` becomes its first line. */
export function openLog(tool: string, command: string, context: ToolContext): ToolLog {
  mkdirSync(context.logs, { recursive: true });
  const path = join(context.logs, `${tool}.log`);
  const file = createWriteStream(path);
  file.write(`$ ${command}\n`);
  let partial = '';
  let last = '';
  let error = '';

  const line = (text: string) => {
    if (text.trim() === '') return;
    last = text.trim();
    if (error === '' && tellsError.test(text)) error = last;
    if (headlines[tool]?.test(text) ?? true) context.emit({ type: 'log', source: tool, text });
  };
  return {
    path,
    write: (text) => {
      file.write(text);
      const lines = (partial + text).split(/\r?\n/);
      partial = lines.pop() ?? '';
      lines.forEach(line);
    },
    close: async () => {
      line(partial);
      partial = '';
      file.end();
      await finished(file);
    },
    message: () => error || last || 'it printed nothing',
  };
}

/** A tool that failed, told with its own message, its command and its log. */
export function toolFailure(
  tool: string,
  command: string,
  log: Pick<ToolLog, 'path' | 'message'>,
  how: string,
): Failure {
  return new Failure('tool', `${tool} ${how}: ${log.message()}`, [
    `its command: ${command}`,
    `its whole log: ${log.path}`,
  ]);
}
