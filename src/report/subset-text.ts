import type { SubsetEpoch, SubsetRecord } from '../subbit/record.js';
import { sum } from '../util/sum.js';
import { type Column, table } from './table.js';
import { useMap, useMapLegend } from './use-map.js';

const kernelsOf = ({ use }: SubsetRecord) => sum(use);

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

const right = (head: string): Column => ({ head, align: 'right' });

/** What the epoch did, in the order of {@link changeHeads}. */
const changeHeads = ['index changed', 'flipped', 'replaced', 'not sampled', 'distance'];

function layersTable({ layers }: SubsetEpoch): string {
  return table(
    [
      { head: 'layer', align: 'left' },
      right('tau'),
      { head: 'subset', align: 'left' },
      right('members used'),
      right('entropy'),
      ...changeHeads.map(right),
    ],
    layers.map((layer) => [
      layer.layer,
      layer.tau,
      layer.structure,
      `${layer.use.filter((n) => n > 0).length} of ${layer.use.length}`,
      layer.entropy.toFixed(2),
      percent(layer.changed, kernelsOf(layer)),
      layer.flipped,
      layer.replaced,
      layer.drifted,
      layer.distance.toFixed(2),
    ]),
  );
}

function epochRow({ epoch, layers }: SubsetEpoch): (string | number)[] {
  const members = sum(layers.map(({ use }) => use.length));
  const kernels = sum(layers.map(kernelsOf));
  return [
    epoch,
    (sum(layers.map((layer) => layer.entropy * kernelsOf(layer))) / kernels).toFixed(2),
    percent(sum(layers.map(({ changed }) => changed)), kernels),
    sum(layers.map(({ flipped }) => flipped)),
    sum(layers.map(({ replaced }) => replaced)),
    sum(layers.map(({ drifted }) => drifted)),
    (sum(layers.map(({ distance, use }) => distance * use.length)) / members).toFixed(2),
  ];
}

function useMaps({ layers }: SubsetEpoch): string {
  const widest = Math.max(...layers.map(({ layer }) => layer.length));
  return layers.map(({ layer, use }) => `${layer.padEnd(widest)}  ${useMap(use)}`).join('\n');
}

/** What training did to the subsets of a run, as a person reads it; all figures are counted. */
export function subsetText(run: string, epochs: readonly SubsetEpoch[]): string {
  const last = epochs.at(-1);
  if (!last) return `${run}: no epoch was trained`;
  const heads = ['epoch', 'entropy', ...changeHeads];
  return [
    `${run}: subsets behind epoch ${last.epoch}, by layer`,
    '',
    layersTable(last),
    '',
    'All layers, epoch by epoch',
    '',
    table(heads.map(right), epochs.map(epochRow)),
    '',
    `Use of the members by index behind epoch ${last.epoch}`,
    '',
    useMaps(last),
    '',
    useMapLegend,
    '',
    'entropy: of the indices in bits, at most tau; over layers the mean by kernels',
    'index changed: kernels whose index is not the one behind the epoch before',
    'flipped, replaced: elements, and coinciding members, of the epoch; of an antipodal pair one is counted',
    'not sampled: members that the sample stage did not draw',
    'distance: mean elements in which a member differs from the one sampled in its place',
  ].join('\n');
}
