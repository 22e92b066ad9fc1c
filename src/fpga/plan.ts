import type { NetworkShape } from '../model/network.js';
import { type Design, layerWords, segmentPixels, subsetWords } from './design.js';
import type { NextBits } from './registers.js';
import { networkSteps, type Step } from './steps.js';

/** Where a binary layer's activations lie and how its loops are cut. */
export interface BinaryPlan {
  readonly inputGroups: number;
  readonly outputGroups: number;
  /** Tiles of `pixels` outputs in an output row. */
  readonly tiles: number;
  /** Values of a tile and a group of output channels. */
  readonly tileValues: number;
  readonly activations: Omit<NextBits, 'stride'>;
}

/** How a dense layer's matrix is cut. */
export interface DensePlan {
  /** Outputs at once. */
  readonly lanes: 1 | 2 | 4;
  /** Groups of outputs. */
  readonly groups: number;
  /** Values of a position's vector. */
  readonly taps: number;
  /** Values of the map that are read for a vector. */
  readonly gathered: number;
}

/** A step with its place in the weight memory. */
export interface PlannedStep {
  readonly step: Step;
  /** Cut of a binary layer; null for a dense one. */
  readonly binary: BinaryPlan | null;
  /** Cut of a dense layer; null for a binary one. */
  readonly dense: DensePlan | null;
  /** Words of registers, constants and members. */
  readonly headWords: number;
  /** First word and number of words of indices or weights. */
  readonly weightBase: number;
  readonly weightWords: number;
  /** The binary layer whose bits it writes, by its position in the plan; null: none. */
  readonly next: number | null;
}

/** A network on a design; it depends on shapes alone. */
export interface NetworkPlan {
  readonly steps: readonly PlannedStep[];
  /** Words of the weight memory that it takes. */
  readonly weightWords: number;
  /** Words of the activation memory that it takes. */
  readonly activationWords: number;
  /** Words of the larger of the maps and the image. */
  readonly mapWords: number;
}

type Cut = Pick<Design, 'pixels' | 'outputs' | 'inputs'>;

/** Lays a network out for a design. */
export function planNetwork(shape: NetworkShape, design: Cut & Pick<Design, 'tau'>): NetworkPlan {
  const steps = networkSteps(shape);
  const cuts = placeActivations(steps, design);
  const members = subsetWords(design.tau);
  const heads = steps.map(
    (step) => layerWords + 3 * constantsOf(step) + (step.kind === 'binary' ? members : 0),
  );
  let weightBase = heads.reduce((sum, words) => sum + words, 0);
  const planned = steps.map((step, i): PlannedStep => {
    const binary = cuts.get(i) ?? null;
    const dense = denseCut(step);
    const weightWords = binary
      ? binary.inputGroups * binary.outputGroups
      : dense
        ? dense.groups * dense.taps
        : 0;
    const base = weightBase;
    weightBase += weightWords;
    return {
      ...{ step, binary, dense, weightWords },
      headWords: heads[i],
      weightBase: base,
      next: nextBinary(steps, i),
    };
  });
  const words = ({
    height,
    width,
    channels,
  }: {
    height: number;
    width: number;
    channels: number;
  }) => height * width * channels;
  const ends = [...cuts.values()].map(({ activations: { base, words } }) => base + words);
  return {
    steps: planned,
    weightWords: weightBase,
    activationWords: Math.max(0, ...ends),
    mapWords: Math.max(
      Math.ceil(words(shape.input) / 2),
      2 * shape.classifier.classes,
      ...steps.map(({ output }) => words(output)),
    ),
  };
}

/** Channels that have constants of their own. */
export function constantsOf(step: Step): number {
  return step.kind === 'average' ? 1 : step.output.channels;
}

function denseCut(step: Step): DensePlan | null {
  const cut = (outputs: number, taps: number, lanes: 2 | 4, windows = 1): DensePlan => ({
    ...{ lanes, groups: Math.ceil(outputs / lanes), taps, gathered: windows * taps },
  });
  const { channels } = step.output;
  switch (step.kind) {
    case 'stem':
      return cut(channels, step.conv.kernel ** 2 * step.conv.input.channels, 2);
    case 'shortcut':
      return cut(channels, step.input.channels, 4, 4);
    case 'classifier':
      return cut(channels, step.input.channels, 4);
    case 'pool':
      return { lanes: 1, groups: 1, taps: channels, gathered: step.window ** 2 * channels };
    case 'average':
      return cut(1, step.input.height * step.input.width, 4);
    case 'binary':
      return null;
  }
}

/** The binary layer whose input step `i` gives: only shortcuts stand between them. */
function nextBinary(steps: readonly Step[], i: number): number | null {
  if (steps[i].kind === 'shortcut') return null;
  const next = steps.findIndex(({ kind }, j) => j > i && kind !== 'shortcut');
  return next >= 0 && steps[next].kind === 'binary' ? next : null;
}

/** Binary layers take turns with two regions of the activation memory. */
function placeActivations(steps: readonly Step[], design: Cut): Map<number, BinaryPlan> {
  const cuts: [number, Omit<BinaryPlan, 'activations'> & { rowWords: number; words: number }][] =
    [];
  steps.forEach((step, i) => {
    if (step.kind !== 'binary') return;
    const { input, output, stride } = step.conv;
    const inputGroups = Math.ceil(input.channels / design.inputs);
    const segmentOutputs = segmentPixels(design) / stride;
    const rowWords = Math.ceil(output.width / segmentOutputs) * inputGroups;
    cuts.push([
      i,
      {
        inputGroups,
        outputGroups: Math.ceil(output.channels / design.outputs),
        tiles: Math.ceil(output.width / design.pixels),
        tileValues: design.pixels * design.outputs,
        rowWords,
        words: output.height * rowWords,
      },
    ]);
  });
  const regionWords = Math.max(0, ...cuts.filter((_, n) => n % 2 === 0).map(([, c]) => c.words));
  return new Map(
    cuts.map(([i, { rowWords, words, ...cut }], n) => [
      i,
      {
        ...cut,
        activations: {
          base: n % 2 === 0 ? 0 : regionWords,
          ...{ rowWords, words },
          groups: cut.inputGroups,
        },
      },
    ]),
  );
}
