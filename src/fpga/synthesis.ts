import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../util/failure.js';
import { packageFile } from '../util/paths.js';
import { type Design, rtlParameters } from './design.js';
import { rtlFiles } from './rtl.js';
import type { FpgaTarget } from './targets.js';
import {
  type NetlistReport,
  parseNetlistReport,
  parseRoutingReport,
  parseUtilisationLog,
  type RoutingReport,
} from './tools/reports.js';
import type { ToolContext } from './tools/tool.js';
import type { Toolbox } from './tools/toolbox.js';

/** A netlist for a part, with what Yosys counts in it. */
export interface Netlist {
  readonly json: Uint8Array;
  readonly statistics: Uint8Array;
  readonly report: NetlistReport;
}

/** A placed and routed design. */
export interface RoutedDesign {
  readonly bitstream: Uint8Array;
  /** nextpnr's own report: utilisation, fmax, critical paths. */
  readonly timing: Uint8Array;
  readonly report: RoutingReport;
}

async function sources(target: FpgaTarget): Promise<Record<string, Uint8Array>> {
  const paths = [...(await rtlFiles()), packageFile(`hw/boards/${target.top}.sv`)];
  const files: Record<string, Uint8Array> = {};
  for (const path of paths) files[basename(path)] = await readFile(path);
  return files;
}

/**
 * Synthesises a design's board for a target with Yosys.
 *
 * @throws Failure of kind `tool` with Yosys's own message
 */
export async function synthesizeNetlist(
  design: Design,
  target: FpgaTarget,
  tools: Toolbox,
  context: ToolContext,
): Promise<Netlist> {
  const files = await sources(target);
  const parameters = Object.entries(rtlParameters(design)).map(
    ([name, value]) => `-set ${name} ${value}`,
  );
  const script = [
    `read_verilog -sv ${Object.keys(files).join(' ')}`,
    `chparam ${parameters.join(' ')} ${target.top}`,
    `synth_ice40 -spram ${target.resources.dsps > 0 ? '-dsp ' : ''}-top ${target.top} -json netlist.json`,
    'tee -q -o statistics.json stat -json',
  ].join('; ');
  const wanted = ['netlist.json', 'statistics.json'] as const;
  const left = await tools.run({ tool: 'yosys', args: ['-p', script], files, wanted }, context);
  const statistics = left['statistics.json'];
  return { json: left['netlist.json'], statistics, report: parseNetlistReport(statistics) };
}

/**
 * Places and routes a netlist with nextpnr and packs the bitstream.
 *
 * @param seed nextpnr's placement seed
 * @throws Failure of kind `input` that names what the part lacks; of kind `tool` for anything else
 */
export async function placeAndRoute(
  netlist: Netlist,
  target: FpgaTarget,
  seed: number,
  tools: Toolbox,
  context: ToolContext,
): Promise<RoutedDesign> {
  const pins = await readFile(packageFile(`hw/boards/${target.top}.pcf`));
  const args = [
    ...target.nextpnrArgs,
    ...['--json', 'netlist.json', '--pcf', 'pins.pcf', '--asc', 'routed.asc'],
    ...['--report', 'timing.json', '--freq', String(target.clock / 1e6), '--seed', String(seed)],
  ];
  const files = { 'netlist.json': netlist.json, 'pins.pcf': pins };
  const wanted = ['routed.asc', 'timing.json'];
  let routed: Readonly<Record<string, Uint8Array>>;
  try {
    routed = await tools.run({ tool: 'nextpnr-ice40', args, files, wanted }, context);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') {
      throw (await overfull(target, context, error)) ?? error;
    }
    throw error;
  }
  const packed = await tools.run(
    {
      tool: 'icepack',
      args: ['routed.asc', 'bitstream.bin'],
      files: { 'routed.asc': routed['routed.asc'] },
      wanted: ['bitstream.bin'],
    },
    context,
  );
  const timing = routed['timing.json'];
  return { bitstream: packed['bitstream.bin'], timing, report: parseRoutingReport(timing) };
}

/** The failure in terms of the part's resources, if that is why nextpnr failed. */
async function overfull(
  target: FpgaTarget,
  context: ToolContext,
  cause: Failure,
): Promise<Failure | null> {
  const log = await readFile(join(context.logs, 'nextpnr-ice40.log'), 'utf8');
  const excess = Object.entries(parseUtilisationLog(log)).filter(([, u]) => u.used > u.available);
  if (excess.length === 0) return null;
  const list = excess.map(
    ([cell, { used, available }]) =>
      `${cell} ${used} of ${available} (${used - available} too many)`,
  );
  return new Failure(
    'input',
    `the accelerator does not fit ${target.part}: ${list.join(', ')}`,
    ['lower quantize.tau or architecture.width, or choose a larger device.target', ...cause.next],
    { cause },
  );
}
