import type { MapShape } from '../model/network.js';
import type { KernelKind } from '../runtime/binary-conv.js';
import type { ValueKind } from '../runtime/value-conv.js';
import type { Machine } from '../util/machine.js';
import type { Spread } from '../util/timing.js';
import type { BuildName } from './builds.js';
import type { PartName } from './parts.js';
import type { SubjectSource } from './subject.js';

/**
 * A measured figure: the median of its repeats, and the quartiles between which half of them lie; of a
 * layer or a part the sums of those of its operations.
 */
export interface Measurement {
  readonly value: number;
  readonly unit: 'us' | 'ms' | 'images/s';
  readonly kind: 'measured';
  readonly quartiles: readonly [lower: number, upper: number];
  readonly repeats: number;
}

/** How many times faster than its baseline, of the same run. */
export interface Speedup {
  readonly value: number;
  readonly unit: 'x';
  readonly kind: 'measured';
  readonly baseline: string;
}

/** What speed-ups are measured against. */
export const baselines = {
  twin: 'the 1-bit twin: the same shapes at tau 9, by the kernels that the runtime chooses',
  best: 'the fastest of all 1-bit kernels for this layer',
} as const;

/** A binary layer on one thread: its codes, its convolution and the activation behind it. */
export interface LayerSpeed {
  readonly name: string;
  readonly input: MapShape;
  readonly output: MapShape;
  readonly tau: number;
  readonly structure: 'free' | 'antipodal';
  readonly kernel: KernelKind | ValueKind;
  readonly time: Measurement;
  /** Of the whole network's time, 0..1. */
  readonly share: number;
  readonly twin: { readonly kernel: KernelKind | ValueKind; readonly time: Measurement };
  readonly best: { readonly kernel: KernelKind | ValueKind; readonly time: Measurement };
  readonly speedups: { readonly twin: Speedup; readonly best: Speedup };
}

/** A part of the network on one thread. */
export interface PartSpeed {
  readonly part: PartName;
  readonly time: Measurement;
  /** Of the whole network's time, 0..1; the shares add up to 1. */
  readonly share: number;
  readonly twin: Measurement;
}

/** What one build of the kernels takes, operation by operation, on one thread. */
export interface BuildSpeed {
  readonly build: BuildName;
  readonly layers: readonly LayerSpeed[];
  readonly parts: readonly PartSpeed[];
}

/** What the whole network takes. */
export interface NetworkSpeed {
  readonly build: BuildName;
  /** `latency`: one image, all threads on it; `throughput`: a batch, every thread on images of its own. */
  readonly measure: 'latency' | 'throughput';
  readonly threads: number;
  /** Images. */
  readonly batch: number;
  readonly network: Measurement;
  readonly twin: Measurement;
  readonly speedup: Speedup;
}

/** Everything that `snn bench` finds. */
export interface SpeedReport {
  readonly name: string;
  readonly source: SubjectSource;
  /** `random`: the network was never trained; its speed does not depend on its weights. */
  readonly weights: 'own' | 'random';
  readonly image: MapShape;
  readonly machine: Machine;
  readonly statistic: string;
  readonly builds: readonly BuildSpeed[];
  readonly network: readonly NetworkSpeed[];
}

/** A time in milliseconds as a figure of the given unit, for `images` images. */
export function measurement(
  { median, lower, upper, repeats }: Spread,
  unit: Measurement['unit'],
  images = 1,
): Measurement {
  const scale = (ms: number) =>
    unit === 'images/s' ? (1000 * images) / ms : unit === 'us' ? 1000 * ms : ms;
  const ends = [scale(lower), scale(upper)] as const;
  const quartiles = [Math.min(...ends), Math.max(...ends)] as const;
  return { value: scale(median), unit, kind: 'measured', quartiles, repeats };
}

/** How many times faster `after` is than `before`, in times. */
export function speedup(before: Spread, after: Spread, baseline: string): Speedup {
  return { value: before.median / after.median, unit: 'x', kind: 'measured', baseline };
}
