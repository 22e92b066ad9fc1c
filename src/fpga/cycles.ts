import { type Design, layerWords, segmentPixels, subsetWords } from './design.js';
import { constantsOf, type NetworkPlan, type PlannedStep } from './plan.js';

/*
 * The flow of a layer through the accelerator, cycle by cycle but without its values: who waits for whom.
 * Equal to the RTL's cycle counter; no data can change it.
 */

/** Cycles from the acceptance of a value until it is stored, its bit and the copy of its bit. */
const storeCycles = { value: 10, bit: 11, copy: 12 } as const;
/** Cycles from the last tap of a vector until it can be multiplied. */
const gatherCycles = 4;

/** Cycles of every step on one image, in order; their sum is an image's. */
export function stepCycles(plan: NetworkPlan, design: Design): number[] {
  return plan.steps.map(
    (planned) => headCycles(planned, plan, design) + flowCycles(planned, design),
  );
}

/** Cycles of one image. */
export function networkCycles(plan: NetworkPlan, design: Design): number {
  return stepCycles(plan, design).reduce((sum, cycles) => sum + cycles, 0);
}

/** Registers, constants and members, while the next layer's activations are cleared; and the start. */
function headCycles(planned: PlannedStep, plan: NetworkPlan, design: Design): number {
  const { step, next } = planned;
  const members = step.kind === 'binary' ? subsetWords(design.tau) : 0;
  const rest = 3 * constantsOf(step) + members;
  const cleared = next === null ? null : plan.steps[next].binary;
  const clearing = cleared === null ? 0 : cleared.activations.words + 1;
  return layerWords + Math.max(rest, clearing) + 2;
}

/** What feeds the accumulator. */
interface Source {
  /** Steps between an issue and its place in the accumulator. */
  readonly depth: number;
  /** Issues that make a group, and values that leave it. */
  readonly groupIssues: number;
  readonly groupValues: number;
  /** Called every cycle: whether a value is issued; `step` tells whether it may. */
  readonly issue: (cycle: number, step: boolean) => boolean;
}

/** Cycles between a layer's start and the next layer's registers. */
function flowCycles(planned: PlannedStep, design: Design): number {
  const source = planned.binary ? binarySource(planned) : denseSource(planned);
  const walk = walkValues(planned, design);
  const pipeline: boolean[] = Array(source.depth).fill(false);
  let inGroup = 0;
  let finished = false;
  let left = 0;
  let paused = false;
  let stored = 0;
  let value = walk.next();
  for (let cycle = 1; ; cycle++) {
    if (value.done && cycle > stored) return cycle;
    const take = !value.done && !paused && left > 0;
    paused = false;
    let consumed = false;
    if (take && !value.done) {
      const { inMap, copied, consumes } = value.value;
      if (inMap) {
        const bits = planned.next !== null;
        const until = bits ? (copied ? storeCycles.copy : storeCycles.bit) : storeCycles.value;
        stored = Math.max(stored, cycle + until);
        paused = bits && copied;
      }
      consumed = consumes;
      value = walk.next();
    }
    const free = left === 0 || (left === 1 && consumed);
    const step = !finished || free;
    if (finished && free) left = source.groupValues;
    else if (consumed) left--;
    const issued = source.issue(cycle, step);
    if (!step) continue;
    pipeline.unshift(issued);
    finished = false;
    if (pipeline.pop()) {
      inGroup++;
      if (inGroup === source.groupIssues) {
        inGroup = 0;
        finished = true;
      }
    }
  }
}

function binarySource({ step, binary, weightWords }: PlannedStep): Source {
  if (binary === null) throw new Error(`${step.name} is not binary`);
  let issues = step.output.height * binary.tiles * weightWords;
  return {
    depth: 3,
    groupIssues: binary.inputGroups,
    groupValues: binary.tileValues,
    issue: (_, step) => step && issues-- > 0,
  };
}

/** Vectors are gathered in two halves of a memory; what is gathered waits for what is multiplied. */
function denseSource({ step, dense }: PlannedStep): Source {
  if (dense === null) throw new Error(`${step.name} is not dense`);
  const { groups, taps, lanes, gathered } = dense;
  const { height, width, channels } = step.output;
  let positions =
    step.kind === 'average' ? channels : step.kind === 'classifier' ? 1 : height * width;
  const reserved = [false, false];
  const filledAt = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [gatherHalf, tap, half, issue] = [0, 0, 0, 0];
  return {
    depth: 2,
    groupIssues: step.kind === 'pool' ? 1 : taps,
    groupValues: lanes,
    issue: (cycle, step) => {
      const gathers = positions > 0 && !reserved[gatherHalf];
      const issues = step && cycle >= filledAt[half];
      if (gathers && ++tap === gathered) {
        tap = 0;
        positions--;
        reserved[gatherHalf] = true;
        filledAt[gatherHalf] = cycle + gatherCycles;
        gatherHalf = 1 - gatherHalf;
      }
      if (issues && ++issue === groups * taps) {
        issue = 0;
        reserved[half] = false;
        filledAt[half] = Number.POSITIVE_INFINITY;
        half = 1 - half;
      }
      return issues;
    },
  };
}

interface WalkedValue {
  readonly inMap: boolean;
  /** Whether its bit lies at the edge of a segment, so that the next value waits for a copy of it. */
  readonly copied: boolean;
  /** Whether the accumulator's value is used up. */
  readonly consumes: boolean;
}

/** The values of a layer in the order in which they leave (subbit_walker). */
function* walkValues({ step, binary, dense }: PlannedStep, design: Design) {
  const value = (inMap: boolean, copied: boolean, consumes: boolean): WalkedValue => ({
    ...{ inMap, copied, consumes },
  });
  const { height, width, channels } = step.output;
  const group = binary ? design.outputs : (dense?.lanes ?? 1);
  if (step.kind === 'average') {
    for (let channel = 0; channel < channels; channel++) {
      for (let lane = 0; lane < group; lane++) yield value(lane === 0, false, true);
    }
    return;
  }
  const padded = Math.ceil(channels / group) * group;
  if (step.kind === 'classifier') {
    for (let channel = 0; channel < padded; channel++) {
      for (const half of [0, 1]) yield value(channel < channels, false, half === 1);
    }
    return;
  }
  const segment = segmentPixels(design);
  const tile = binary ? design.pixels : 1;
  for (let row = 0; row < height; row++) {
    for (let left = 0; left < width; left += tile) {
      for (let channel = 0; channel < padded; channel++) {
        for (let x = left; x < left + tile; x++) {
          const place = x % segment;
          const copied = (place === 0 && x > 0) || (place === segment - 1 && x + 1 < width);
          yield value(channel < channels && x < width, copied, true);
        }
      }
    }
  }
}
