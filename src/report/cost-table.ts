import {
  bitsPerBinaryWeight,
  type LayerCost,
  type NetworkCost,
  type RealCost,
  realCost,
} from '../model/cost.js';
import type { NetworkShape } from '../model/network.js';
import type { Activations } from '../model/trained.js';
import { tauText } from '../subbit/tau.js';
import { bitsText, ratio, scaled } from './scaled.js';
import { table } from './table.js';

const realBits = 32;

const additionsNote =
  'Activations are real: weights of one bit decide whether a value is added or subtracted, so there are\n' +
  'no operations on bits.';

/** Whether a sub-bit layer has so few outputs that it saves no operations. */
function isIdle({ shares, tau }: LayerCost): boolean {
  return !shares && tau < 9;
}

/** Why layers are marked as saving nothing, each reason once. */
function idleNotes({ layers }: NetworkCost): readonly string[] {
  const idle = layers.filter(isIdle);
  const reasons = idle.map(
    ({ responses, outputs }) =>
      `* saves no operations here: ${responses} responses for ${outputs} outputs`,
  );
  const all = 'No layer saves operations: lower tau, or take a wider network or antipodal subsets.';
  return [...new Set(reasons), ...(idle.length > 0 && idle.length === layers.length ? [all] : [])];
}

/** What an operation of a network's binary layers is. */
export function operationOf(activations: Activations): string {
  return activations === 'binary' ? 'Bit-OPs' : 'additions';
}

function layersTable(cost: NetworkCost): string {
  const bits = bitsText(bitsPerBinaryWeight(cost));
  return table(
    [
      { head: 'binary layer', align: 'left' },
      { head: 'tau', align: 'right' },
      { head: 'in', align: 'right' },
      { head: 'out', align: 'right' },
      { head: 'positions', align: 'right' },
      { head: 'kbit: 1 bit', align: 'right' },
      { head: bits, align: 'right' },
      { head: `M ${operationOf(cost.quantization.activations)}: 1 bit`, align: 'right' },
      { head: bits, align: 'right' },
      { head: 'fewer', align: 'right' },
    ],
    cost.layers.map((layer) => [
      layer.name,
      layer.tau,
      layer.inputs,
      layer.outputs,
      layer.positions,
      (layer.oneBitBits / 1e3).toFixed(1),
      (layer.subBitBits / 1e3).toFixed(1),
      (layer.oneBitOps / 1e6).toFixed(3),
      (layer.subBitOps / 1e6).toFixed(3),
      isIdle(layer) ? 'none *' : ratio(layer.oneBitOps, layer.subBitOps),
    ]),
  );
}

function totalsTable(cost: NetworkCost): string {
  const { total } = cost;
  const withSubsets = total.subBitBits + total.subsetBits;
  const row = (name: string, before: number, after: number, unit: string) => [
    name,
    scaled(before, unit),
    scaled(after, unit),
    ratio(before, after),
  ];
  return table(
    [
      { head: 'binary layers', align: 'left' },
      { head: '1 bit', align: 'right' },
      { head: bitsText(bitsPerBinaryWeight(cost)), align: 'right' },
      { head: 'ratio', align: 'right' },
    ],
    [
      row('weights', total.oneBitBits, total.subBitBits, 'bit'),
      row('weights and subsets', total.oneBitBits, withSubsets, 'bit'),
      row(
        `${operationOf(cost.quantization.activations)} an image`,
        total.oneBitOps,
        total.subBitOps,
        '',
      ),
    ],
  );
}

function realText(real: RealCost): string {
  const parameters = real.stem + real.downsample + real.classifier + real.channels;
  const parts = Object.entries(real).map(([name, count]) => `${name} ${count}`);
  return [
    `Real-valued parameters: ${parts.join(', ')};`,
    `${scaled(parameters * realBits, 'bit')} at ${realBits} bit each.`,
  ].join('\n');
}

/** What a real-valued network's weights take. */
export function realCostText(shape: NetworkShape): string {
  const weights = shape.blocks.reduce(
    (sum, { conv }) => sum + 9 * conv.input.channels * conv.output.channels,
    0,
  );
  return [
    `${weights} real weights in ${shape.blocks.length} 3x3 layers: ${scaled(weights * realBits, 'bit')} at ${realBits} bit each.`,
    realText(realCost(shape)),
    '',
    'The same network with binary weights and activations:',
  ].join('\n');
}

/** What a network costs, layer by layer and in all; every figure is counted, none measured. */
export function costTable(cost: NetworkCost): string {
  const { tau, structure, activations } = cost.quantization;
  return [
    layersTable(cost),
    ...idleNotes(cost),
    '',
    totalsTable(cost),
    '',
    realText(cost.real),
    `Counted from the shapes: ${tauText(tau)}, ${structure} subsets.`,
    ...(activations === 'real' ? [additionsNote] : []),
  ].join('\n');
}
