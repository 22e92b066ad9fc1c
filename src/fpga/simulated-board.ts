import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Failure } from '../util/failure.js';
import { type Design, rtlParameters } from './design.js';
import type { ToolContext } from './tools/tool.js';
import { buildSimulator } from './tools/verilator.js';

/** Timing of the simulated link. */
export interface LinkTiming {
  /** Clocks a bit, at least 4: fewer than on a board make the simulation faster. */
  readonly divider: number;
  /** A frame is given up after a pause of 2^pauseBits clocks. */
  readonly pauseBits: number;
}

/** Builds the simulator of a design's accelerator behind its UART; returns the path of its program. */
export function buildBoard(
  design: Design,
  { divider, pauseBits }: LinkTiming,
  folder: string,
  context: ToolContext,
): Promise<string> {
  const source = {
    top: 'subbit_uart_accelerator',
    parameters: { ...rtlParameters(design), DIVIDER: divider, PAUSE_BITS: pauseBits },
    harness: 'board.cpp',
    defines: { DIVIDER: divider },
  };
  return buildSimulator(source, folder, context);
}

/** A simulated board that runs. */
export interface SimulatedBoard {
  /** Device file of its serial port. */
  readonly port: string;
  /** Presses its reset, or cuts its power for a moment, which empties its memories. */
  readonly disturb: (how: 'reset' | 'power') => void;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a simulated board.
 *
 * @param program what {@link buildBoard} returned
 * @throws Failure of kind `tool` if it does not start
 */
export async function startBoard(program: string): Promise<SimulatedBoard> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<null>((resolve) => {
    child.on('close', () => resolve(null));
    child.on('error', () => resolve(null));
  });
  const path = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const started = await Promise.race([path, ended]);
  if (started === null) throw new Failure('tool', `the simulated board ${program} did not start`);
  return {
    port: started[0],
    disturb: (how) => {
      child.stdin.write(how === 'reset' ? 'R' : 'P');
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
