import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataShape } from '../data/sets.js';
import { designFor, whyNotAccelerated } from '../fpga/advice.js';
import { type DesignDocument, designDocument } from '../fpga/design-document.js';
import { rtlDigest } from '../fpga/rtl.js';
import {
  type Netlist,
  placeAndRoute,
  type RoutedDesign,
  synthesizeNetlist,
} from '../fpga/synthesis.js';
import { type FpgaTarget, type FpgaTargetName, fpgaTargets } from '../fpga/targets.js';
import { withoutTimes } from '../fpga/tools/log-times.js';
import { toolbox } from '../fpga/tools/toolbox.js';
import type { MapShape } from '../model/network.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, type StageContext } from '../pipeline/stage.js';
import { binaryQuantization } from '../spec/binary.js';
import type { ArchitectureSpec, DeviceSpec, Spec, Tau } from '../spec/types.js';

type Slice = {
  readonly image: MapShape;
  readonly classes: number;
  readonly architecture: ArchitectureSpec;
  readonly quantize: { readonly tau: Tau };
  readonly device: DeviceSpec;
};

/** The FPGA that a spec targets, or null for the CPU. */
export function fpgaTargetOf({ device }: Pick<Spec, 'device'>): FpgaTargetName | null {
  return device.target === 'cpu' ? null : device.target;
}

/** Why a spec has nothing to put on an FPGA; null: it has. */
export function whyNotOnFpga(spec: Spec): string | null {
  return fpgaTargetOf(spec) === null ? 'device.target is cpu' : whyNotAccelerated(spec.quantize);
}

/** The tau that the accelerator is built for: layers of fewer bits run on it too. */
function largestTau(tau: Tau): number {
  return typeof tau === 'number' ? tau : Math.max(...Object.values(tau));
}

/**
 * Makes the bitstream of the accelerator for the network. It depends on shapes, tau and device alone:
 * the network is loaded at run time, so a retrained network keeps it. The artifact:
 * `bitstream.bin`, `design.json`, `statistics.json` (Yosys), `timing.json` (nextpnr), `logs/`.
 */
export const synthesize = defineStage({
  name: 'synthesize',
  version: 2,
  needs: [],
  skip: whyNotOnFpga,
  reads: (spec): Slice => ({
    image: dataShape(spec.data).image,
    classes: dataShape(spec.data).classes,
    architecture: spec.architecture,
    quantize: { tau: binaryQuantization(spec).tau },
    device: spec.device,
  }),
  environment: async ({ device }) => ({
    tools: await toolbox(device.tools, '').versions(),
    rtl: await rtlDigest(),
  }),
  preflight(spec) {
    const target = fpgaTargetOf(spec);
    if (target === null) return;
    const { data, architecture } = spec;
    const tau = largestTau(binaryQuantization(spec).tau);
    const { image, classes } = dataShape(data);
    designFor({ architecture, image, classes, tau, target });
  },
  run: build,
});

async function build({ spec, out, scratch, emit, signal }: StageContext<Slice>): Promise<Metrics> {
  const { image, classes, architecture, quantize, device } = spec;
  const targetName = fpgaTargetOf({ device });
  if (targetName === null) throw new Error('synthesize was not skipped for the CPU');
  const tau = largestTau(quantize.tau);
  const fit = designFor({ architecture, image, classes, tau, target: targetName });
  const { design, target } = fit;
  const { pixels, outputs, inputs } = design;
  const shape = `${pixels} pixels x ${outputs} outputs x ${inputs} inputs a step`;
  emit({ type: 'note', text: `engine of ${shape} for ${target.part} (${target.board})` });

  const context = { logs: join(scratch, 'logs'), emit, signal };
  const tools = toolbox(device.tools, join(scratch, 'work'));
  const netlist = await synthesizeNetlist(design, target, tools, context);
  const { luts, flipFlops } = netlist.report;
  emit({ type: 'note', text: `synthesised: ${luts} LUT4, ${flipFlops} flip-flops` });
  const routed = await placeAndRoute(netlist, target, device.seed, tools, context);
  const megahertz = (routed.report.fmax / 1e6).toFixed(1);
  emit({ type: 'note', text: `placed and routed: ${megahertz} MHz by nextpnr's timing model` });

  await writeFile(join(out, 'bitstream.bin'), routed.bitstream);
  await writeFile(join(out, 'statistics.json'), netlist.statistics);
  await writeFile(join(out, 'timing.json'), routed.timing);
  const document = designDocument(fit, await tools.versions());
  await writeFile(join(out, 'design.json'), `${JSON.stringify(document, null, 2)}\n`);
  await keepLogs(context.logs, join(out, 'logs'));
  return metricsOf(target, netlist, routed, document);
}

/** Artifacts hold no times: the same design leaves the same bytes. */
async function keepLogs(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    const log = await readFile(join(from, name), 'utf8');
    await writeFile(join(to, name), withoutTimes(log));
  }
}

function metricsOf(
  target: FpgaTarget,
  { report: cells }: Netlist,
  { report: routing }: RoutedDesign,
  { cyclesPerImage }: DesignDocument,
): Metrics {
  const { logicCells, blockRams, sprams, dsps } = fpgaTargets[target.name].resources;
  const counted = (value: number, unit: string) => ({ value, unit, kind: 'counted' }) as const;
  const modelled = (value: number, unit: string) => ({ value, unit, kind: 'modelled' }) as const;
  return {
    'logic cells': counted(routing.utilisation.ICESTORM_LC.used, `of ${logicCells}`),
    'fmax after routing': modelled(routing.fmax / 1e6, 'MHz'),
    'images at fmax': modelled(routing.fmax / cyclesPerImage, 'images/s'),
    'images at board clock': modelled(target.clock / cyclesPerImage, 'images/s'),
    'latency at board clock': modelled((cyclesPerImage / target.clock) * 1000, 'ms'),
    'whole network': modelled(cyclesPerImage, 'cycles/image'),
    LUT: counted(cells.luts, 'LUT4'),
    'flip-flops': counted(cells.flipFlops, 'FF'),
    'block RAM': counted(cells.blockRams, `of ${blockRams}`),
    SPRAM: counted(cells.sprams, `of ${sprams}`),
    DSP: counted(cells.dsps, `of ${dsps}`),
  };
}
