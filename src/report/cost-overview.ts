import { costOf, type NetworkCost } from '../model/cost.js';
import type { NetworkShape } from '../model/network.js';
import type { SubsetStructure } from '../spec/types.js';
import { bitsPerWeight, ratio, scaled } from './scaled.js';
import { table } from './table.js';

/** The widths of the published tables: 1, 0.67, 0.56 and 0.44 bit per weight. */
const publishedTaus = [9, 6, 5, 4];

/** The network's cost at the published widths. */
export function costOverview(
  shape: NetworkShape,
  structure: SubsetStructure,
): readonly NetworkCost[] {
  return publishedTaus.map((tau) => costOf(shape, { tau, structure }));
}

/** Bits and bit operations of the binary layers, one width a row. */
export function overviewTable(costs: readonly NetworkCost[]): string {
  return table(
    [
      { head: 'weights', align: 'left' },
      { head: 'parameters', align: 'right' },
      { head: 'smaller', align: 'right' },
      { head: 'Bit-OPs', align: 'right' },
      { head: 'fewer', align: 'right' },
    ],
    costs.map(({ quantization, total }) => [
      bitsPerWeight(quantization.tau),
      scaled(total.subBitBits, 'bit'),
      ratio(total.oneBitBits, total.subBitBits),
      scaled(total.subBitOps, ''),
      ratio(total.oneBitOps, total.subBitOps),
    ]),
  );
}
