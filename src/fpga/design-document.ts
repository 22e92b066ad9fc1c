import { stepCycles } from './cycles.js';
import type { Design } from './design.js';
import type { Fit } from './fit.js';
import { type MemoryNeeds, memoryNeeds } from './memory.js';
import type { NetworkPlan } from './plan.js';
import type { Step } from './steps.js';
import type { FpgaTarget, FpgaTargetName } from './targets.js';

/** What `design.json` tells of a synthesised accelerator and of the network that it was made for. */
export interface DesignDocument {
  readonly format: 2;
  readonly target: FpgaTargetName;
  readonly part: string;
  readonly board: string;
  /** Hz. */
  readonly clock: number;
  /** bit/s. */
  readonly baud: number;
  readonly tools: Readonly<Record<string, string>>;
  readonly design: Design;
  readonly memories: MemoryNeeds;
  /** Words of its memories that the network takes. */
  readonly words: Omit<NetworkPlan, 'steps'>;
  /** Each with its cycles by the cycle model. */
  readonly steps: readonly (Step & { readonly cycles: number })[];
  readonly cyclesPerImage: number;
}

/** Describes a design on its target, with the versions of the tools that made it. */
export function designDocument(
  { design, plan, target }: Fit & { readonly target: FpgaTarget },
  tools: Readonly<Record<string, string>>,
): DesignDocument {
  const { steps, ...words } = plan;
  const cycles = stepCycles(plan, design);
  return {
    format: 2,
    target: target.name,
    part: target.part,
    board: target.board,
    clock: target.clock,
    baud: target.baud,
    tools,
    design,
    memories: memoryNeeds(design),
    words,
    steps: steps.map(({ step }, i) => ({ ...step, cycles: cycles[i] })),
    cyclesPerImage: cycles.reduce((sum, count) => sum + count, 0),
  };
}
