import { spawn } from 'node:child_process';
import { packageFile } from '../../src/util/paths.js';

/** How a command ended. */
export interface Ended {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs as a user runs it. */
export interface Running {
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when stdout and stderr together hold `text`; rejects if the command ends without. */
  readonly printed: (text: string) => Promise<void>;
}

/** Starts `snn` with these arguments in a working folder, which also holds its store. */
export function startSnn(cwd: string, ...args: string[]): Running {
  const { SNN_HOME: _, CI: __, ...env } = process.env;
  const child = spawn(process.execPath, [packageFile('bin/snn.js'), ...args], {
    cwd,
    env: { ...env, NODE_ENV: 'production' },
  });
  const out = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      for (const look of watchers) look();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...out }));
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if ((out.stdout + out.stderr).includes(text)) resolve();
        };
        watchers.add(look);
        look();
        ended.then(() => reject(new Error(`never printed "${text}":\n${out.stdout}${out.stderr}`)));
      }),
  };
}

/** Runs `snn` to its end. */
export function snn(cwd: string, ...args: string[]): Promise<Ended> {
  return startSnn(cwd, ...args).ended;
}

/** Runs `snn` to its end where no compiler is on PATH. */
export function snnWithoutCompiler(cwd: string, ...args: string[]): Promise<Ended> {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    return snn(cwd, ...args);
  } finally {
    process.env.PATH = PATH;
  }
}
