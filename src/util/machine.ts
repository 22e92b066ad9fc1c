import { availableParallelism, cpus, totalmem } from 'node:os';

/** The machine, as far as runs and their speed depend on it. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Version of Node.js. */
  readonly node: string;
}

/** The machine that this runs on. */
export function examineMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    node: process.versions.node,
  };
}
