import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { NetworkShape } from '../model/network.js';
import { Failure } from '../util/failure.js';
import { packageFile } from '../util/paths.js';
import { networkCycles } from './cycles.js';
import { type Design, rtlParameters } from './design.js';
import { chooseDesign } from './fit.js';
import { rtlFiles } from './rtl.js';
import { fpgaTargets } from './targets.js';
import { runNpmTool } from './tools/npm.js';
import { cellCounter, lutsOfMemory } from './tools/reports.js';
import type { ToolContext } from './tools/tool.js';

export type LargerPartName = 'ecp5-25f' | 'xc7a35t';

interface LargerPart {
  readonly part: string;
  readonly board: string;
  /** Top module and file name in hw/boards. */
  readonly top: string;
  readonly synthesize: string;
  /** The script that would route it. */
  readonly script: string;
  /** Cells of Yosys's statistics under one name, how many of them a cell takes, and what the part has. */
  readonly cells: Readonly<
    Record<string, { readonly of: number; readonly weight: (cell: string) => number }>
  >;
}

const when =
  (fits: RegExp, weight = 1) =>
  (cell: string) =>
    fits.test(cell) ? weight : 0;

/** Parts that the accelerator is synthesised for, by Yosys alone: they have not been routed. */
export const largerParts: Readonly<Record<LargerPartName, LargerPart>> = {
  'ecp5-25f': {
    part: 'ECP5 LFE5U-25F',
    board: 'ULX3S',
    top: 'ulx3s',
    synthesize: 'synth_ecp5',
    script: 'hw/boards/ulx3s.sh',
    cells: {
      // A carry cell takes two LUTs, a distributed memory of 16 x 4 bits four.
      LUT4: {
        of: 24288,
        weight: (cell) =>
          (({ LUT4: 1, CCU2C: 2, TRELLIS_DPR16X4: 4 }) as Record<string, number>)[cell] ?? 0,
      },
      FF: { of: 24288, weight: when(/^TRELLIS_FF$/) },
      'DP16KD (18 kbit)': { of: 56, weight: when(/^DP16KD$/) },
      MULT18X18D: { of: 28, weight: when(/^MULT18X18D$/) },
    },
  },
  xc7a35t: {
    part: 'Artix-7 XC7A35T',
    board: 'Arty A7-35T',
    top: 'arty_a7',
    synthesize: 'synth_xilinx',
    script: 'hw/boards/arty_a7.tcl',
    cells: {
      LUT6: {
        of: 20800,
        weight: (cell) => (/^(LUT[1-6]|INV)$/.test(cell) ? 1 : (lutsOfMemory[cell] ?? 0)),
      },
      FF: { of: 41600, weight: when(/^FD[RSCP]E$/) },
      'RAMB18 (18 kbit)': {
        of: 100,
        weight: (cell) => (({ RAMB36E1: 2, RAMB18E1: 1 }) as Record<string, number>)[cell] ?? 0,
      },
      DSP48E1: { of: 90, weight: when(/^DSP48E1$/) },
    },
  },
};

/** What the accelerator of a network takes of a part, counted by Yosys before placement. */
export interface PartResources {
  readonly name: LargerPartName;
  readonly part: string;
  readonly board: string;
  readonly design: Design;
  readonly cyclesPerImage: number;
  readonly cells: Readonly<Record<string, { readonly used: number; readonly available: number }>>;
}

/** Cells of each kind that Yosys's `stat -json` counts for a part. */
export function countCells(name: LargerPartName, statistics: Uint8Array): PartResources['cells'] {
  const count = cellCounter(statistics);
  return Object.fromEntries(
    Object.entries(largerParts[name].cells).map(([cell, { of, weight }]) => [
      cell,
      { used: count(weight), available: of },
    ]),
  );
}

/**
 * The design of the UP5K with every memory in block RAM of just the size that the network takes.
 *
 * @throws Failure of kind `input` where the network is too large for the RTL's counters
 */
export function designInBlockRam(shape: NetworkShape, tau: number) {
  const target = fpgaTargets['ice40-up5k'];
  const resources = { ...target.resources, sprams: 0, blockRams: Number.MAX_SAFE_INTEGER };
  const { design, plan, misfits } = chooseDesign(shape, tau, { ...target, resources });
  if (misfits.length === 0) return { design, cyclesPerImage: networkCycles(plan, design) };
  const lacks = misfits.map(
    ({ resource, needed, available }) => `${resource}: ${needed} needed of ${available}`,
  );
  throw new Failure('input', `the network is too large for the RTL: ${lacks.join(', ')}`);
}

/**
 * Synthesises a network's accelerator, link included, for a part with the Yosys of npm.
 *
 * @throws Failure of kind `tool` with Yosys's own message
 */
export async function synthesizeFor(
  name: LargerPartName,
  shape: NetworkShape,
  tau: number,
  context: ToolContext,
): Promise<PartResources> {
  const { part, board, top, synthesize } = largerParts[name];
  const { design, cyclesPerImage } = designInBlockRam(shape, tau);
  const files: Record<string, Uint8Array> = {};
  for (const path of [...(await rtlFiles()), packageFile(`hw/boards/${top}.sv`)]) {
    files[basename(path)] = await readFile(path);
  }
  const values = Object.entries(rtlParameters(design)).map(
    ([key, value]) => `-set ${key} ${value}`,
  );
  const script = [
    `read_verilog -sv ${Object.keys(files).join(' ')}`,
    `chparam ${values.join(' ')} ${top}`,
    `${synthesize} -top ${top}`,
    'flatten',
    'tee -q -o statistics.json stat -json',
  ].join('; ');
  const task = { package: '@yowasp/yosys', command: 'yosys', args: ['-p', script], files } as const;
  const left = await runNpmTool(task, context);
  const cells = countCells(name, left['statistics.json']);
  return { name, part, board, design, cyclesPerImage, cells };
}
