import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunDocument } from '../report/progress-summary.js';
import { packageFile } from '../util/paths.js';

const run = promisify(execFile);

/** One timed run of the command line. */
export interface TimedRun {
  readonly seconds: number;
  readonly document: RunDocument;
}

/** Runs `snn` with `args` in `folder` as a person would, its store in there. */
export async function timedRun(folder: string, args: readonly string[]): Promise<TimedRun> {
  const started = performance.now();
  const { SNN_HOME: _ignored, ...environment } = process.env;
  const command = [packageFile('bin/snn.js'), ...args, '--json'];
  const { stdout } = await run(process.execPath, command, {
    cwd: folder,
    env: environment,
    maxBuffer: 64 * 2 ** 20,
  });
  return {
    seconds: (performance.now() - started) / 1000,
    document: JSON.parse(stdout) as RunDocument,
  };
}

/** Calls `use` with a fresh folder, which is gone afterwards. */
export async function inFreshFolder<Result>(
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'snn-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A figure of a run by stage and name. */
export function metricOf({ metrics }: RunDocument, stage: string, name: string): number {
  const metric = metrics[stage]?.[name];
  if (!metric) throw new Error(`${stage} found no figure named ${name}`);
  return metric.value;
}
