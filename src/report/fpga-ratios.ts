import { chooseDesign } from '../fpga/fit.js';
import { equalUnits, responseEngine } from '../fpga/layers/equal-units.js';
import { fpgaTargets } from '../fpga/targets.js';
import { birealNetwork, type NetworkShape } from '../model/network.js';
import type { Metrics } from '../pipeline/events.js';
import type { BinarySpec } from '../spec/binary.js';
import { networkShape } from '../spec/shape.js';
import { twinOf } from '../spec/twin.js';
import type { SubsetStructure } from '../spec/types.js';
import type { Cell } from './compare.js';
import { table } from './table.js';

/** What sub-bit weights gain on an FPGA against the 1-bit twin, in one form of the network. */
export interface FpgaRatios {
  readonly tau: number;
  readonly structure: SubsetStructure;
  /** 9 / tau: bits of a weight in the memory, and so kernels of a word. */
  readonly storage: Cell;
  /** Kernels that the design for the target reads a cycle, over the twin's. */
  readonly bandwidth: Cell;
  /** Images a second and logic cell of the routed design, over the twin's. */
  readonly equalLogic: Cell;
  /** Cycles of the twin's binary layers over those of an engine with as many match counters. */
  readonly equalUnits: Readonly<Record<'this network' | 'ResNet-18' | 'ResNet-34', Cell>>;
}

const taus = [6, 5, 4] as const;
const structures = ['free', 'antipodal'] as const;

const resnet = (stages: readonly number[]) =>
  birealNetwork(
    { stages, width: 64, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 224, width: 224, channels: 3 },
    1000,
  );

/** The network of a spec at another number of bits; at 9 its 1-bit twin. */
export function atTau(spec: BinarySpec, tau: number): BinarySpec {
  if (tau === 9) return twinOf(spec);
  const name = `${spec.name.slice(0, 59)}-tau${tau}`;
  return { ...spec, name, quantize: { ...spec.quantize, tau } };
}

/** The specs whose accelerators the ratios compare: the twin and every tau. */
export function comparedSpecs(spec: BinarySpec): readonly BinarySpec[] {
  return [9, ...taus].map((tau) => atTau(spec, tau));
}

/**
 * The three ratios of sub-bit weights on an FPGA, each for every tau and structure. They are different
 * claims: docs/hardware.md says what each means.
 *
 * @param synthesized figures of the synthesize stage for a spec; null: it has not run
 */
export function fpgaRatios(
  spec: BinarySpec,
  synthesized: (spec: BinarySpec) => Metrics | null,
): readonly FpgaRatios[] {
  const shape = networkShape(spec);
  const networks = {
    'this network': shape,
    'ResNet-18': resnet([4, 4, 4, 4]),
    'ResNet-34': resnet([6, 8, 12, 6]),
  } as const;
  return taus.flatMap((tau) =>
    structures.map((structure): FpgaRatios => {
      const cycles = (network: NetworkShape): Cell => {
        const { oneBit, response } = equalUnits(network, responseEngine(tau, structure));
        return { value: oneBit / response, kind: 'modelled' };
      };
      return {
        tau,
        structure,
        storage: { value: 9 / tau, kind: 'counted' },
        bandwidth: bandwidthRatio(spec, shape, tau),
        equalLogic: equalLogicRatio(spec, tau, synthesized),
        equalUnits: {
          'this network': cycles(networks['this network']),
          'ResNet-18': cycles(networks['ResNet-18']),
          'ResNet-34': cycles(networks['ResNet-34']),
        },
      };
    }),
  );
}

const onCpu: Cell = { missing: 'device.target is cpu' };

function bandwidthRatio({ device }: BinarySpec, shape: NetworkShape, tau: number): Cell {
  if (device.target === 'cpu') return onCpu;
  const target = fpgaTargets[device.target];
  const [design, twin] = [tau, 9].map((bits) => chooseDesign(shape, bits, target).design);
  return {
    value: (design.outputs * design.inputs) / (twin.outputs * twin.inputs),
    kind: 'counted',
  };
}

function equalLogicRatio(
  spec: BinarySpec,
  tau: number,
  synthesized: (spec: BinarySpec) => Metrics | null,
): Cell {
  if (spec.device.target === 'cpu') return onCpu;
  const rates = [tau, 9].map((bits) => ratePerCell(synthesized(atTau(spec, bits))));
  const [own, twin] = rates;
  if (own === null || twin === null) return { missing: 'not synthesised' };
  return { value: own / twin, kind: 'modelled' };
}

function ratePerCell(metrics: Metrics | null): number | null {
  const rate = metrics?.['images at fmax'];
  const cells = metrics?.['logic cells'];
  return rate === undefined || cells === undefined ? null : rate.value / cells.value;
}

const text = (cell: Cell) => ('missing' in cell ? cell.missing : `${cell.value.toFixed(2)}x`);

/** The ratios, and what each of them means. */
export function fpgaRatiosText(ratios: readonly FpgaRatios[]): string {
  const right = (head: string) => ({ head, align: 'right' }) as const;
  const columns = [
    right('tau'),
    { head: 'subset', align: 'left' } as const,
    right('weight storage'),
    right('kernels a cycle'),
    right('equal logic'),
    right('equal counters, this network'),
    right('ResNet-18'),
    right('ResNet-34'),
  ];
  const rows = ratios.map((row) => [
    row.tau,
    row.structure,
    ...[row.storage, row.bandwidth, row.equalLogic, ...Object.values(row.equalUnits)].map(text),
  ]);
  const missing = ratios.some(
    ({ equalLogic }) => 'missing' in equalLogic && equalLogic.missing === 'not synthesised',
  );
  return [
    table(columns, rows),
    '',
    'Against the 1-bit twin. Each is another claim:',
    'weight storage (counted): 9 / tau, what a memory or a bus of weights holds more',
    'kernels a cycle (counted): that the design for this part reads from its weight memory',
    'equal logic (modelled): images/s per logic cell, cycles by the model, fmax by nextpnr, cells as routed',
    'equal counters (modelled): cycles of the binary layers with as many match counters, 224; needs more',
    '  logic and memory than the twin, and is simulated, not deployed (docs/hardware.md, Response tables)',
    ...(missing ? ['Not synthesised: add --synthesize, a minute or two for each tau.'] : []),
  ].join('\n');
}
