import { bitsPerBinaryWeight, costOf, type NetworkCost, type Quantization } from '../model/cost.js';
import type { NetworkShape } from '../model/network.js';
import { operationOf } from './cost-table.js';
import { type PublishedCost, publishedCosts } from './published.js';
import { bitsText, ratio, scaled } from './scaled.js';
import { type Column, table } from './table.js';

/** The widths of the published tables: 1, 0.67, 0.56 and 0.44 bit per weight. */
const publishedTaus = [9, 6, 5, 4];

/** A network's cost at one width, beside what was published for it. */
export interface OverviewRow {
  readonly cost: NetworkCost;
  readonly published: PublishedCost | null;
}

/** The network's cost at the published widths. */
export function costOverview(
  shape: NetworkShape,
  { structure, activations }: Omit<Quantization, 'tau'>,
): readonly OverviewRow[] {
  const isPublished = structure === 'free' && activations === 'binary';
  const published = isPublished ? publishedCosts(shape) : null;
  return publishedTaus.map((tau) => ({
    cost: costOf(shape, { tau, structure, activations }),
    published: published?.find((row) => row.tau === tau) ?? null,
  }));
}

/** Bits and operations of the binary layers, one width a row. */
export function overviewTable(rows: readonly OverviewRow[]): string {
  const right = (head: string): Column => ({ head, align: 'right' });
  const isPublished = rows.some(({ published }) => published !== null);
  const counted = table(
    [
      { head: 'weights', align: 'left' },
      right('parameters'),
      right('smaller'),
      right(rows.map(({ cost }) => operationOf(cost.quantization.activations))[0] ?? ''),
      right('fewer'),
      ...(isPublished ? [right('published:'), right('Bit-OPs')] : []),
    ],
    rows.map(({ cost: { total }, published }) => [
      bitsText(bitsPerBinaryWeight({ total })),
      scaled(total.subBitBits, 'bit'),
      ratio(total.oneBitBits, total.subBitBits),
      scaled(total.subBitOps, ''),
      ratio(total.oneBitOps, total.subBitOps),
      ...(published ? [published.parameters, published.bitOps] : []),
    ]),
  );
  if (!isPublished) return counted;
  const note =
    'Published: Wang et al., ICCV 2021, README of their code. Its 1.677 G and 0.883 G are one unit\n' +
    'off in the last digit: their own rule gives 1.6763 G and 0.8839 G.';
  return `${counted}\n${note}`;
}
