import type { NetworkShape } from '../model/network.js';
import { networkCycles } from './cycles.js';
import { type Design, engineLimits } from './design.js';
import { memoryNeeds, spramWords, totalBlockRams } from './memory.js';
import { type NetworkPlan, planNetwork } from './plan.js';
import type { EngineShape, FpgaTarget } from './targets.js';

/** A resource of which a design needs more than there is. */
export interface Misfit {
  readonly resource: string;
  readonly needed: number;
  readonly available: number;
  /** What needs it, where that helps. */
  readonly detail: string;
}

/** A design with the plan of a network on it, and what it lacks; it fits where nothing is lacking. */
export interface Fit {
  readonly design: Design;
  readonly plan: NetworkPlan;
  readonly misfits: readonly Misfit[];
}

/** Bits of a word of the weight memory, one index a lane. */
const weightBits = 32;
const blockWords = 256;
const roundUp = (words: number, unit: number) => Math.max(1, Math.ceil(words / unit)) * unit;

/**
 * The design for a network on a target: of the engines whose memories fit, the one with the fewest cycles
 * an image; where none fits, the one that comes closest, with its misfits.
 *
 * @param tau the largest of its layers
 */
export function chooseDesign(shape: NetworkShape, tau: number, target: FpgaTarget): Fit {
  const fits = target.engines
    .filter(({ outputs, inputs }) => outputs * inputs * tau <= weightBits)
    .map((engine) => fitDesign(shape, { ...engine, tau }, target));
  const excess = ({ misfits }: Fit) =>
    misfits.reduce((sum, misfit) => sum + misfit.needed / misfit.available, 0);
  const least = Math.min(...fits.map(excess));
  const closest = fits.filter((fit) => excess(fit) === least);
  if (least > 0 || closest.length === 1) return closest[0];
  const cycles = closest.map(({ plan, design }) => networkCycles(plan, design));
  return closest[cycles.indexOf(Math.min(...cycles))];
}

/** Sizes the memories of one engine for a network and holds them against the target. */
function fitDesign(
  shape: NetworkShape,
  engine: EngineShape & Pick<Design, 'tau'>,
  target: FpgaTarget,
): Fit {
  const plan = planNetwork(shape, engine);
  const mostInputs = Math.max(
    1,
    ...plan.steps.map(({ binary }) => (binary?.inputGroups ?? 0) * engine.inputs),
  );
  const huge = target.resources.sprams > 0;
  const unit = huge ? spramWords : blockWords;
  const design: Design = {
    ...engine,
    countBits: Math.ceil(Math.log2(9 * mostInputs + 1)),
    activationDepth: roundUp(plan.activationWords, blockWords),
    weightDepth: roundUp(plan.weightWords, unit),
    mapDepth: roundUp(plan.mapWords, unit),
    huge,
  };
  const misfits = [...memoryMisfits(design, target), ...limitMisfits(shape, plan, design)];
  return { design, plan, misfits };
}

function memoryMisfits(design: Design, target: FpgaTarget): Misfit[] {
  const needs = memoryNeeds(design);
  const kinds = Object.entries(needs.blockRams).filter(([, count]) => count > 0);
  const candidates: Misfit[] = [
    {
      resource: 'block RAM',
      needed: totalBlockRams(needs),
      available: target.resources.blockRams,
      detail: kinds.map(([name, count]) => `${name} ${count}`).join(', '),
    },
    {
      resource: 'SPRAM',
      needed: needs.sprams,
      available: target.resources.sprams,
      detail: `weights: ${design.weightDepth} words of 32 bits, two maps of ${design.mapDepth} words`,
    },
  ];
  return candidates.filter(({ needed, available }) => needed > available);
}

/** What is too large for the RTL's counters, registers and small memories (docs/hardware.md). */
function limitMisfits(shape: NetworkShape, plan: NetworkPlan, design: Design): Misfit[] {
  const { side, channels, taps, imageChannels, steps } = engineLimits;
  const { input } = shape;
  const misfit = (resource: string, needed: number, available: number, detail: string): Misfit => ({
    ...{ resource, needed, available, detail },
  });
  const perStep = plan.steps.flatMap(({ step, binary, dense }) => [
    misfit('columns or rows', Math.max(step.output.height, step.output.width), side, step.name),
    misfit('channels', step.output.channels, channels, step.name),
    misfit('values a vector', dense?.taps ?? 1, taps, step.name),
    misfit('input groups', binary?.inputGroups ?? 1, 256, step.name),
  ]);
  return [
    misfit('columns or rows', Math.max(input.height, input.width), side, 'image'),
    misfit('channels', input.channels, imageChannels, 'image'),
    ...perStep,
    misfit('layers', plan.steps.length, steps, 'steps of the network'),
    misfit('words of weights', design.weightDepth, 65536, 'addresses have 16 bits'),
    misfit('words of a map', design.mapDepth, 32768, 'addresses have 15 bits'),
    misfit('words of activations', design.activationDepth, 65536, 'addresses have 16 bits'),
  ].filter(({ needed, available }) => needed > available);
}
