import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFile } from '../../util/paths.js';
import { rtlFiles } from '../rtl.js';
import { firstLine, runProcess } from './process.js';
import type { ToolContext } from './tool.js';

/** How to install what simulation needs. */
export const installVerilator = 'install verilator (apt install verilator g++ make)';

/** Version line of Verilator, or null where it, a C++ compiler or make is not on PATH. */
export async function verilatorVersion(): Promise<string | null> {
  const [verilator, compiler, make] = await Promise.all([
    firstLine('verilator', '--version'),
    firstLine('g++', '--version'),
    firstLine('make', '--version'),
  ]);
  return compiler !== null && make !== null ? verilator : null;
}

/** A simulator to build: a top module, its parameters and its C++ harness in hw/sim. */
export interface SimulatorSource {
  readonly top: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly harness: string;
  /** Macros of the harness. */
  readonly defines?: Readonly<Record<string, number>>;
}

/**
 * Builds a simulator of the RTL with Verilator in `folder` and returns the path of its program.
 *
 * @throws Failure of kind `tool` with Verilator's or the compiler's own message
 */
export async function buildSimulator(
  { top, parameters, harness, defines = {} }: SimulatorSource,
  folder: string,
  context: ToolContext,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const args = [
    '--cc',
    '--exe',
    '--build',
    ...['-j', '2'],
    '-Wall',
    '-O3',
    // Only what runs every cycle is worth optimising: the rest halves the time to build.
    ...['OPT_FAST=-O1', 'OPT_SLOW=-O0', 'OPT_GLOBAL=-O0'].flatMap((o) => ['-MAKEFLAGS', o]),
    ...Object.entries(defines).flatMap(([name, value]) => ['-CFLAGS', `-D${name}=${value}`]),
    ...['--Mdir', folder],
    ...['--top-module', top],
    ...Object.entries(parameters).map(([name, value]) => `-G${name}=${value}`),
    ...['-o', 'simulator'],
    ...(await rtlFiles()),
    packageFile(`hw/sim/${harness}`),
  ];
  await runProcess({ tool: 'verilator', program: 'verilator', args }, context);
  return join(folder, 'simulator');
}
