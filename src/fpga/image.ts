import type { PackedModel } from '../model/packed.js';
import { constantWords, shiftsOf, shortcutOf } from './constants.js';
import { type Design, subsetWords } from './design.js';
import type { NetworkPlan, PlannedStep } from './plan.js';
import { encodeRegisters, type LayerRegisters, type NextBits } from './registers.js';
import type { Step } from './steps.js';
import { logitWalk, mapWalk, mapWindow, onePosition, wholeMap } from './walk.js';

/**
 * The words of the weight memory for a model: for every step registers, constants and members, then the
 * indices and weights of all of them.
 *
 * @throws Failure where the model is zero-padded, which the accelerator cannot compute
 */
export function networkImage(model: PackedModel, plan: NetworkPlan, design: Design): Uint32Array {
  const words = new Uint32Array(plan.weightWords);
  let at = 0;
  plan.steps.forEach((planned) => {
    const head = [
      ...encodeRegisters(registersOf(planned, plan, model, design)),
      ...constantWords(planned, plan, model),
      ...memberWords(planned, model, design),
    ];
    words.set(head, at);
    at += planned.headWords;
    words.set(weightWords(planned, model, design), planned.weightBase);
  });
  return words;
}

function registersOf(
  { step, binary, dense, weightBase, next }: PlannedStep,
  plan: NetworkPlan,
  model: PackedModel,
  design: Design,
): LayerRegisters {
  const nextStep = next === null ? null : plan.steps[next];
  const none = { stride: 1, base: 0, rowWords: 0, groups: 0, words: 1 } as const;
  const nextBits: NextBits =
    nextStep?.binary && nextStep.step.kind === 'binary'
      ? { ...nextStep.binary.activations, stride: nextStep.step.conv.stride }
      : none;
  const common = {
    ...{ binary: false, add: false, bytes: false, pool: null, wide: false, logit: false },
    ...{ bits: next !== null, next: nextBits, weightBase, members: 1 },
    ...shiftsOf(step, model),
  };
  if (step.kind === 'binary') {
    if (binary === null) throw new Error(`${step.name} has no plan`);
    const { conv } = model.blocks[step.block];
    return {
      ...common,
      ...{ binary: true, add: step.adds, members: Math.max(1, subsetWords(design.tau)) },
      walk: mapWalk(step.output, design.pixels, design.outputs),
      inputs: binary.inputGroups,
      groups: binary.outputGroups,
      source: {
        kind: 'binary',
        stride: step.conv.stride,
        base: binary.activations.base,
        offset: matchOffset(step.conv.input.channels, conv.members, design),
      },
    };
  }
  if (dense === null) throw new Error(`${step.name} has no plan`);
  const { groups, taps: inputs, lanes } = dense;
  const cut = { ...common, groups, inputs };
  const plain = { kind: 'window', zeros: [] } as const;
  switch (step.kind) {
    case 'stem': {
      const { input, kernel, stride, output } = step.conv;
      const zeros = [...model.inputZero];
      return {
        ...cut,
        ...{ bytes: true, wide: true, walk: mapWalk(output, 1, lanes) },
        source: { ...mapWindow(input, kernel, stride, output.width), kind: 'window', zeros },
      };
    }
    case 'shortcut':
      return {
        ...cut,
        ...{ pool: 'average', walk: mapWalk(step.output, 1, lanes) },
        source: { ...mapWindow(step.input, 2, 2, step.output.width), ...plain },
      };
    case 'pool':
      return {
        ...cut,
        ...{ pool: 'largest', walk: mapWalk(step.output, 1, lanes) },
        source: { ...mapWindow(step.input, step.window, 2, step.output.width), ...plain },
      };
    case 'average': {
      // Its positions are the channels, in a row.
      const { channels } = step.input;
      return {
        ...cut,
        walk: mapWalk({ height: 1, width: channels, channels: 1 }, 1, lanes),
        source: { ...wholeMap(step.input), ...plain },
      };
    }
    case 'classifier':
      return {
        ...cut,
        ...{ logit: true, walk: logitWalk(step.output.channels, lanes) },
        source: { ...onePosition(step.input), ...plain },
      };
  }
}

/**
 * What is subtracted from twice a match count: one for each of the 9 Cin products, and 2 for every match
 * of a channel that only fills a group up (window all -1, kernel of index 0, so its zeros match).
 */
function matchOffset(channels: number, members: Uint16Array, { inputs, tau }: Design): number {
  const filling = Math.ceil(channels / inputs) * inputs - channels;
  const kernel = tau === 9 ? 0 : members[0];
  return 9 * channels + 2 * filling * (9 - countOnes(kernel));
}

function countOnes(code: number): number {
  let ones = 0;
  for (let rest = code; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}

/** The subset of a binary layer; filled up where its tau is below the design's. */
function memberWords({ step }: PlannedStep, model: PackedModel, { tau }: Design): number[] {
  if (step.kind !== 'binary') return [];
  const { members } = model.blocks[step.block].conv;
  return Array.from({ length: subsetWords(tau) }, (_, k) => members[k] ?? 0);
}

function weightWords(planned: PlannedStep, model: PackedModel, design: Design): Uint32Array {
  const { step, dense } = planned;
  if (step.kind === 'binary') return indexWords(planned, step.block, model, design);
  if (dense === null) throw new Error(`${step.name} has no plan`);
  const { groups, taps, lanes } = dense;
  const weight = denseWeight(step, model);
  const outputs = step.kind === 'average' || step.kind === 'pool' ? 1 : step.output.channels;
  const bits = 32 / lanes;
  const words = new Uint32Array(groups * taps);
  for (let output = 0; output < outputs; output++) {
    const [group, lane] = [Math.floor(output / lanes), output % lanes];
    for (let tap = 0; tap < taps; tap++) {
      const value = weight(output, tap) & (2 ** bits - 1);
      words[group * taps + tap] |= value << (bits * lane);
    }
  }
  return words;
}

/** The weight of an output and a value of the vector: channel, then row and column of the window. */
function denseWeight(
  step: Exclude<Step, { kind: 'binary' }>,
  model: PackedModel,
): (output: number, tap: number) => number {
  switch (step.kind) {
    case 'stem': {
      const window = step.conv.kernel ** 2;
      const { channels } = step.conv.input;
      return (output, tap) => {
        const [channel, place] = [Math.floor(tap / window), tap % window];
        return model.stem.weight[(output * window + place) * channels + channel];
      };
    }
    case 'shortcut': {
      const { weight } = shortcutOf(model.blocks[step.block]);
      return (output, tap) => weight[output * step.input.channels + tap];
    }
    case 'pool':
    case 'average':
      return () => 1;
    case 'classifier':
      return (output, tap) => model.classifier.weight[output * step.input.channels + tap];
  }
}

/** One word of indices for every output group and, innermost, input group; filled up with index 0. */
function indexWords(
  { step, binary, weightWords }: PlannedStep,
  block: number,
  model: PackedModel,
  { inputs, outputs, tau }: Design,
): Uint32Array {
  if (step.kind !== 'binary' || binary === null) throw new Error(`${step.name} is not binary`);
  const { indices, members } = model.blocks[block].conv;
  const { input, output } = step.conv;
  const words = new Uint32Array(weightWords);
  for (let o = 0; o < output.channels; o++) {
    for (let i = 0; i < input.channels; i++) {
      const index = indices[o * input.channels + i];
      const lane = (o % outputs) * inputs + (i % inputs);
      const word = Math.floor(o / outputs) * binary.inputGroups + Math.floor(i / inputs);
      words[word] |= (tau === 9 ? members[index] : index) << (lane * tau);
    }
  }
  return words;
}
