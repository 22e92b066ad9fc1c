import { averageConstants } from '../model/integer.js';
import type { PackedBlock, PackedModel, Requantizer } from '../model/packed.js';
import { Failure } from '../util/failure.js';
import type { NetworkPlan, PlannedStep } from './plan.js';
import type { Step } from './steps.js';

/** Constants of one channel; the requantiser's bias holds 2^(shift-1) already. */
interface ChannelConstants {
  readonly multiplier: number;
  readonly bias: number;
  readonly slope: number;
  readonly shiftOut: number;
  readonly threshold: number;
}

/** A slope of 1: what is below 0 stays as it is. */
const unitSlope = 2 ** 12;
const halves = (low: number, high: number) => ((low & 0xffff) | (high << 16)) >>> 0;

/** The requantiser of a step's convolution; null: the classifier has none. */
function requantizerOf(step: Step, model: PackedModel): Requantizer | null {
  switch (step.kind) {
    case 'stem':
      return model.stem.requantizer;
    case 'shortcut':
      return shortcutOf(model.blocks[step.block]).requantizer;
    case 'binary':
      return step.pooled ? identity(step.output.channels) : model.blocks[step.block].requantizer;
    case 'pool':
      return step.block === null
        ? identity(step.output.channels)
        : model.blocks[step.block].requantizer;
    case 'average': {
      const { shift, reciprocal } = averageConstants(step.input.height * step.input.width);
      return {
        preShift: shift,
        shift: 14,
        multiplier: Int16Array.of(reciprocal),
        bias: Int32Array.of(0),
      };
    }
    case 'classifier':
      return null;
  }
}

/** Gives int16 back as it is. */
function identity(channels: number): Requantizer {
  const multiplier = new Int16Array(channels).fill(2 ** 14);
  return { preShift: 0, shift: 14, multiplier, bias: new Int32Array(channels) };
}

/** The weights of a block's shortcut. */
export function shortcutOf({ shortcut }: PackedBlock) {
  if (shortcut === null) throw new Error('the shortcut has no weights');
  return shortcut;
}

/** The shifts of a step's requantiser. */
export function shiftsOf(step: Step, model: PackedModel) {
  const requantizer = requantizerOf(step, model);
  return { preShift: requantizer?.preShift ?? 0, shift: requantizer?.shift ?? 0 };
}

/** The activation's constants of every channel of a step. */
function constantsOfStep(
  { step, next }: PlannedStep,
  plan: NetworkPlan,
  model: PackedModel,
): ChannelConstants[] {
  const requantizer = requantizerOf(step, model);
  if (requantizer === null) {
    return Array.from(model.classifier.bias, (bias) => ({
      ...{ multiplier: 0, bias, slope: unitSlope, shiftOut: 0, threshold: 0 },
    }));
  }
  const block = activatedBlock(step, model);
  const nextStep = next === null ? null : plan.steps[next].step;
  const threshold =
    nextStep?.kind === 'binary'
      ? thresholdOf(model.shape.blocks[nextStep.block].name, model.blocks[nextStep.block])
      : null;
  const rounding = 2 ** (requantizer.shift - 1);
  return Array.from(requantizer.multiplier, (multiplier, c) => ({
    multiplier,
    bias: requantizer.bias[c] + rounding,
    slope: block?.slope[c] ?? unitSlope,
    shiftOut: block?.shiftOut[c] ?? 0,
    threshold: threshold?.[c] ?? 0,
  }));
}

/** The block whose activation function a step applies; null: none. */
function activatedBlock(step: Step, model: PackedModel): PackedBlock | null {
  if (step.kind === 'binary') return step.pooled ? null : model.blocks[step.block];
  return step.kind === 'pool' && step.block !== null ? model.blocks[step.block] : null;
}

/** The words of a step's constants, three a channel. */
export function constantWords(step: PlannedStep, plan: NetworkPlan, model: PackedModel): number[] {
  return constantsOfStep(step, plan, model).flatMap(
    ({ multiplier, bias, slope, shiftOut, threshold }) => [
      halves(multiplier, bias),
      halves(bias >> 16, slope),
      halves(shiftOut, threshold),
    ],
  );
}

/**
 * What turns a block's input into bits.
 *
 * @throws Failure where the block is zero-padded, which the accelerator cannot compute
 */
function thresholdOf(name: string, { input }: PackedBlock): Int16Array {
  if (input.activations !== 'binary') {
    throw new Error(`${name} sees values of 16 bits, not of one`);
  }
  if (input.padding === 'zero') {
    throw new Failure('input', `the accelerator pads with -1, but ${name} sees 0 beyond its edge`, [
      'run the model on a CPU: it computes zero padding exactly',
      'or train a network here, which pads with -1',
    ]);
  }
  return input.threshold;
}
