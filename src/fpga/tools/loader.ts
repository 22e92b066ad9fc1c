import { Failure } from '../../util/failure.js';
import { type FpgaTargetName, fpgaTargets } from '../targets.js';
import { commandLine, firstLine, runProcess } from './process.js';
import type { ToolContext } from './tool.js';

const program = 'openFPGALoader';

function loaderArgs(target: FpgaTargetName, bitstream: string): string[] {
  return ['-b', fpgaTargets[target].loaderBoard, bitstream];
}

/** The command that writes a bitstream into a board's flash. */
export function programCommand(target: FpgaTargetName, bitstream: string): string {
  return commandLine({ program, args: loaderArgs(target, bitstream) });
}

/**
 * Writes a bitstream into the flash of the board of a target.
 *
 * @throws Failure of kind `tool` when openFPGALoader is missing or finds no board
 */
export async function programBoard(
  target: FpgaTargetName,
  bitstream: string,
  context: ToolContext,
): Promise<void> {
  if ((await firstLine(program, '--Version')) === null) {
    throw new Failure('tool', `${program} is not on PATH: the board was not programmed`, [
      `install it (apt install ${program.toLowerCase()})`,
      `then: ${programCommand(target, bitstream)}`,
    ]);
  }
  try {
    await runProcess({ tool: program, program, args: loaderArgs(target, bitstream) }, context);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'tool') throw error;
    throw new Failure(
      'tool',
      `the board was not programmed: ${error.message}`,
      [
        `connect the ${fpgaTargets[target].board} by USB and see that you may use it (udev rules)`,
        ...error.next,
      ],
      { cause: error },
    );
  }
}
