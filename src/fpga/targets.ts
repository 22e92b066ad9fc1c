import type { DeviceTarget } from '../spec/types.js';
import type { Design } from './design.js';

/** What a part has. */
export interface Resources {
  /** A LUT with its flip-flop and carry. */
  readonly logicCells: number;
  /** Block RAMs of 4 kbit. */
  readonly blockRams: number;
  /** Single-port memories of 16384 x 16 bit. */
  readonly sprams: number;
  readonly dsps: number;
}

/** Size of the binary layers' engine: what it computes in a step. */
export type EngineShape = Pick<Design, 'pixels' | 'outputs' | 'inputs'>;

/** A part on a board that a bitstream can be made for. */
export interface FpgaTarget {
  readonly name: FpgaTargetName;
  readonly part: string;
  readonly board: string;
  /** Top module and file name in hw/boards, without extension. */
  readonly top: string;
  readonly nextpnrArgs: readonly string[];
  /** The board's oscillator, Hz: the clock that the accelerator runs at. */
  readonly clock: number;
  /** The link, bit/s: the clock over the RTL's DIVIDER. */
  readonly baud: number;
  readonly resources: Resources;
  /** Engines of the binary layers that its logic has room for beside the rest. */
  readonly engines: readonly EngineShape[];
  /** Board name of openFPGALoader. */
  readonly loaderBoard: string;
}

export type FpgaTargetName = Exclude<DeviceTarget, 'cpu'>;

/** Every part that a spec may name as `device.target`, besides the CPU. */
export const fpgaTargets: Readonly<Record<FpgaTargetName, FpgaTarget>> = {
  'ice40-up5k': {
    name: 'ice40-up5k',
    part: 'iCE40 UP5K-SG48',
    board: 'iCEBreaker',
    top: 'icebreaker',
    nextpnrArgs: ['--up5k', '--package', 'sg48'],
    clock: 12e6,
    baud: 1e6,
    resources: { logicCells: 5280, blockRams: 30, sprams: 4, dsps: 8 },
    // Rows of 7, 14, 28 and 56 pixels are multiples of 7; the largest takes nearly all logic.
    engines: [
      { pixels: 7, outputs: 2, inputs: 2 },
      { pixels: 7, outputs: 3, inputs: 1 },
      { pixels: 7, outputs: 2, inputs: 1 },
      { pixels: 7, outputs: 1, inputs: 1 },
    ],
    loaderBoard: 'ice40_generic',
  },
  'ice40-hx8k': {
    name: 'ice40-hx8k',
    part: 'iCE40 HX8K-CT256',
    board: 'iCE40-HX8K-B-EVN',
    top: 'hx8k_b_evn',
    nextpnrArgs: ['--hx8k', '--package', 'ct256'],
    clock: 12e6,
    baud: 1e6,
    resources: { logicCells: 7680, blockRams: 32, sprams: 0, dsps: 0 },
    // Its six multipliers are made of logic, which leaves room for no more.
    engines: [{ pixels: 4, outputs: 1, inputs: 1 }],
    loaderBoard: 'ice40_generic',
  },
};
