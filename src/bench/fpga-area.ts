import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { oneBitEngine, responseEngine } from '../fpga/layers/equal-units.js';
import { responseParameters } from '../fpga/layers/response.js';
import { rtlFiles } from '../fpga/rtl.js';
import { runNpmTool } from '../fpga/tools/npm.js';
import { parseXilinxReport, type XilinxReport } from '../fpga/tools/reports.js';
import { inFreshFolder } from './cli.js';
import type { Figure, Suite } from './figure.js';

/** Depths at which the engines are synthesised; memory grows with them, logic hardly. */
const sizes = { countBits: 13, activationDepth: 512, weightDepth: 512, groups: 128 } as const;

const engines = [
  {
    name: '1-bit',
    top: 'subbit_engine',
    parameters: {
      PIXELS: oneBitEngine.pixels,
      OUTPUTS: oneBitEngine.outputs,
      INPUTS: oneBitEngine.inputs,
      TAU: oneBitEngine.tau,
      COUNT_BITS: sizes.countBits,
      ACT_DEPTH: sizes.activationDepth,
      WEIGHT_DEPTH: sizes.weightDepth,
      WEIGHT_HUGE: 0,
    },
  },
  ...(['free', 'antipodal'] as const).map((structure) => ({
    name: `tau5-${structure}`,
    top: 'subbit_response_engine',
    parameters: responseParameters({ ...responseEngine(5, structure), ...sizes }),
  })),
];

/** What an engine takes of a Xilinx 7, by Yosys before placement. */
async function cells(
  { top, parameters }: Pick<(typeof engines)[number], 'top' | 'parameters'>,
  folder: string,
): Promise<XilinxReport> {
  const files: Record<string, Uint8Array> = {};
  for (const path of await rtlFiles()) files[basename(path)] = await readFile(path);
  const values = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`);
  const script = [
    `read_verilog -sv ${Object.keys(files).join(' ')}`,
    `chparam ${values.join(' ')} ${top}`,
    `synth_xilinx -top ${top} -flatten -noiopad -noclkbuf`,
    'tee -q -o statistics.json stat -json',
  ].join('; ');
  const task = {
    ...({ package: '@yowasp/yosys', command: 'yosys' } as const),
    ...{ args: ['-p', script], files },
  };
  const { signal } = new AbortController();
  const left = await runNpmTool(task, { logs: join(folder, top), emit: () => {}, signal });
  return parseXilinxReport(left['statistics.json']);
}

/** The logic and memory of engines with equally many match counters, beside their cycles. */
export const fpgaArea: Suite = (note) =>
  inFreshFolder(async (folder) => {
    const figures: Figure[] = [];
    for (const engine of engines) {
      note(`synthesising the ${engine.name} engine for Xilinx 7`);
      const { luts, lutRams, blockRams } = await cells(engine, folder);
      const of = (what: string, value: number, unit: string): Figure => ({
        id: `fpga-area.${engine.name}.${what}`,
        value,
        unit,
        goal: null,
        better: 'lower',
        kind: 'modelled',
        baseline: null,
      });
      figures.push(
        of('luts', luts, 'LUT, Yosys, Xilinx 7'),
        of('lut-rams', lutRams, 'LUT used as memory'),
        of('block-rams', blockRams, 'RAMB18, memories of 512 words'),
      );
    }
    return figures;
  });
