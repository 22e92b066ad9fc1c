import { isRecord } from '../../util/json.js';
import { parseJsonRecord } from './json.js';

/** Cells of a synthesised design, before placement. */
export interface NetlistReport {
  readonly luts: number;
  readonly flipFlops: number;
  readonly carries: number;
  readonly blockRams: number;
  readonly sprams: number;
  readonly dsps: number;
}

/** Used and available cells of one kind. */
export interface Utilisation {
  readonly used: number;
  readonly available: number;
}

/** What place and route reports. */
export interface RoutingReport {
  /** By nextpnr's names, such as ICESTORM_LC. */
  readonly utilisation: Readonly<Record<string, Utilisation>>;
  /** Highest clock frequency of the slowest clock domain by nextpnr's timing model, Hz. */
  readonly fmax: number;
}

/** A design synthesised for Xilinx 7, before placement. */
export interface XilinxReport {
  /** LUTs of any size that compute. */
  readonly luts: number;
  /** LUTs that serve as memory. */
  readonly lutRams: number;
  /** In halves: RAMB18. */
  readonly blockRams: number;
}

/** Adds up the cells that Yosys's `stat -json` counts. */
export function cellCounter(text: string | Uint8Array) {
  const { design } = parseJsonRecord(text, 'the report of Yosys');
  const cells = isRecord(design) ? design.num_cells_by_type : undefined;
  if (!isRecord(cells)) throw new TypeError('the report of Yosys counts no cells');
  return (weight: (cell: string) => number | boolean) =>
    Object.entries(cells).reduce((sum, [cell, n]) => sum + Number(weight(cell)) * Number(n), 0);
}

/** LUTs that a distributed memory of Xilinx 7 takes. */
export const lutsOfMemory: Readonly<Record<string, number>> = {
  RAM32X1D: 2,
  RAM32M: 4,
  RAM64X1D: 2,
  RAM64M: 4,
  RAM128X1D: 4,
  SRL16E: 1,
  SRLC32E: 1,
};

/** Reads what Yosys's `stat -json` prints after `synth_xilinx`. */
export function parseXilinxReport(text: string | Uint8Array): XilinxReport {
  const count = cellCounter(text);
  return {
    luts: count((cell) => /^(LUT[1-6]|INV)$/.test(cell)),
    lutRams: count((cell) => lutsOfMemory[cell] ?? 0),
    blockRams: count((cell) => (cell === 'RAMB36E1' ? 2 : cell === 'RAMB18E1')),
  };
}

/** Reads what Yosys's `stat -json` prints after `synth_ice40`. */
export function parseNetlistReport(text: string | Uint8Array): NetlistReport {
  const count = cellCounter(text);
  return {
    luts: count((cell) => cell === 'SB_LUT4'),
    flipFlops: count((cell) => cell.startsWith('SB_DFF')),
    carries: count((cell) => cell === 'SB_CARRY'),
    blockRams: count((cell) => cell.startsWith('SB_RAM40_4K')),
    sprams: count((cell) => cell === 'SB_SPRAM256KA'),
    dsps: count((cell) => cell === 'SB_MAC16'),
  };
}

/** Reads what nextpnr's `--report` writes. */
export function parseRoutingReport(text: string | Uint8Array): RoutingReport {
  const { utilization, fmax } = parseJsonRecord(text, 'the report of nextpnr');
  if (!isRecord(utilization) || !isRecord(fmax)) {
    throw new TypeError('the report of nextpnr lacks utilization or fmax');
  }
  const utilisation: Record<string, Utilisation> = {};
  for (const [cell, entry] of Object.entries(utilization)) {
    if (isRecord(entry)) {
      utilisation[cell] = { used: Number(entry.used), available: Number(entry.available) };
    }
  }
  const achieved = Object.values(fmax).flatMap((clock) =>
    isRecord(clock) && typeof clock.achieved === 'number' ? [clock.achieved] : [],
  );
  if (achieved.length === 0) throw new TypeError('the report of nextpnr names no clock');
  return { utilisation, fmax: Math.min(...achieved) * 1e6 };
}

/**
 * The utilisation table that nextpnr prints before it places, from its log: all that there is where
 * placement fails.
 */
export function parseUtilisationLog(log: string): Readonly<Record<string, Utilisation>> {
  const utilisation: Record<string, Utilisation> = {};
  for (const [, cell, used, available] of log.matchAll(
    /^Info:\s+(\w+):\s+(\d+)\/\s*(\d+)\s+\d+%/gm,
  )) {
    utilisation[cell] = { used: Number(used), available: Number(available) };
  }
  return utilisation;
}
