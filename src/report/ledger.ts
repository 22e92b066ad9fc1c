import type { NetworkCost } from '../model/cost.js';
import type { NetworkShape } from '../model/network.js';
import type { FigureKind, Metric } from '../pipeline/events.js';
import type { RunRecord } from '../pipeline/runs.js';
import { binaryCostOf } from '../spec/cost.js';
import { networkShape } from '../spec/shape.js';
import {
  type PublishedCost,
  publishedCosts,
  publishedNetwork,
  publishedSource,
} from './published.js';

/** How an obtained figure stands to the published one. */
export type Verdict =
  | {
      readonly verdict: 'agrees' | 'differs';
      readonly difference: string;
      readonly tolerance: string;
    }
  /** Both are there, but nobody said how far they may lie apart. */
  | { readonly verdict: 'told'; readonly difference: string; readonly why: string }
  | { readonly verdict: 'incomparable'; readonly why: string };

/** A published figure beside the one obtained. */
export type LedgerEntry = {
  readonly figure: string;
  /** As printed; null: nothing was. */
  readonly published: string | null;
  readonly source: string;
  readonly obtained: { readonly text: string; readonly kind: FigureKind } | null;
} & Verdict;

const factors: Readonly<Record<string, number>> = { G: 1e9, M: 1e6, k: 1e3 };

/** A printed figure: `0.883 G` in plain units, and what its last digit stands for. */
export function printedFigure(text: string): { readonly value: number; readonly unit: number } {
  const [, digits, decimals = '', prefix = ''] = /^(\d+(?:\.(\d+))?) ?([GMk])?/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`no figure: ${text}`);
  const factor = factors[prefix] ?? 1;
  return { value: Number(digits) * factor, unit: factor * 10 ** -decimals.length };
}

/** Counted figures agree within one unit of the last printed digit: some are cut, others rounded. */
function counted(figure: string, published: string, value: number): LedgerEntry {
  const printed = printedFigure(published);
  const decimals = -Math.round(Math.log10(printed.unit / factorOf(published)));
  const unit = published.replace(/^[\d.]+ ?/, '');
  const shown = (plain: number, digits: number) => (plain / factorOf(published)).toFixed(digits);
  const difference = value - printed.value;
  return {
    figure,
    published,
    source: publishedSource,
    obtained: { text: `${shown(value, decimals + 1)} ${unit}`, kind: 'counted' },
    verdict: Math.abs(difference) <= printed.unit ? 'agrees' : 'differs',
    difference: `${difference < 0 ? '' : '+'}${shown(difference, decimals + 1)} ${unit}`,
    tolerance: `${shown(printed.unit, decimals)} ${unit}, the last printed digit`,
  };
}

function factorOf(text: string): number {
  return factors[/ ([GMk])/.exec(text)?.[1] ?? ''] ?? 1;
}

function accuracy({ spec, metrics }: RunRecord, { top1 }: PublishedCost): LedgerEntry {
  const found: Metric | undefined = metrics.evaluate?.['test accuracy'];
  const entry = {
    figure: 'top-1 accuracy on ImageNet',
    published: `${top1} %`,
    source: publishedSource,
    obtained: found ? { text: `${found.value.toFixed(2)} ${found.unit}`, kind: found.kind } : null,
  };
  if (!found) return { ...entry, verdict: 'incomparable', why: 'this run was not evaluated' };
  if (spec.data.set !== 'imagenet') {
    return {
      ...entry,
      verdict: 'incomparable',
      why: `this run is of ${spec.data.set}, not ImageNet`,
    };
  }
  const difference = found.value - Number(top1);
  return {
    ...entry,
    verdict: 'told',
    difference: `${difference < 0 ? '' : '+'}${difference.toFixed(2)} points`,
    why: 'nothing was published of how far runs lie apart, so there is no tolerance',
  };
}

/** The published row of a run's very network, tau and structure. */
function publishedRow(
  shape: NetworkShape,
  { quantization }: NetworkCost,
): PublishedCost | undefined {
  const { tau, structure, activations } = quantization;
  if (structure !== 'free' || activations !== 'binary') return undefined;
  return publishedCosts(shape)?.find((row) => row.tau === tau);
}

/** What was published of a run's network beside what the run obtained, or why nothing can be compared. */
export function ledgerOf(run: RunRecord): readonly LedgerEntry[] {
  const shape = networkShape(run.spec);
  const cost = binaryCostOf(run.spec);
  const row = cost ? publishedRow(shape, cost) : undefined;
  if (!cost || !row) {
    const network = cost
      ? `${shape.blocks.length} binary layers on ${run.spec.data.set}`
      : 'real-valued';
    return [
      {
        figure: 'any',
        published: null,
        source: publishedSource,
        obtained: null,
        verdict: 'incomparable',
        why: `published is ${publishedNetwork}; this network is another one (${network})`,
      },
    ];
  }
  return [
    counted('weights of the binary layers', row.parameters, cost.total.subBitBits),
    counted('Bit-OPs an image', row.bitOps, cost.total.subBitOps),
    accuracy(run, row),
  ];
}
