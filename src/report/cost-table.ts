import { bitsPerBinaryWeight, type NetworkCost } from '../model/cost.js';
import { tauText } from '../subbit/tau.js';
import { bitsText, ratio, scaled } from './scaled.js';
import { table } from './table.js';

const realBits = 32;

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
      { head: 'M Bit-OPs: 1 bit', align: 'right' },
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
      layer.shares ? ratio(layer.oneBitOps, layer.subBitOps) : 'none *',
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
      row('Bit-OPs an image', total.oneBitOps, total.subBitOps, ''),
    ],
  );
}

function realText({ real }: NetworkCost): string {
  const parameters = real.stem + real.downsample + real.classifier + real.channels;
  const parts = Object.entries(real).map(([name, count]) => `${name} ${count}`);
  return [
    `Real-valued parameters: ${parts.join(', ')};`,
    `${scaled(parameters * realBits, 'bit')} at ${realBits} bit each.`,
  ].join('\n');
}

/** What a network costs, layer by layer and in all; every figure is counted, none measured. */
export function costTable(cost: NetworkCost): string {
  const { tau, structure } = cost.quantization;
  const without = cost.layers.filter((layer) => !layer.shares).length;
  const responses = structure === 'antipodal' ? '2^(tau - 1)' : '2^tau';
  const note = `* no more outputs than the ${responses} responses to share: the layer saves no operations`;
  return [
    layersTable(cost),
    ...(without > 0 ? [note] : []),
    '',
    totalsTable(cost),
    '',
    realText(cost),
    `Counted from the shapes: ${tauText(tau)}, ${structure} subsets.`,
  ].join('\n');
}
