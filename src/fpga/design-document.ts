import { imageCycles, layerCycles } from './cycles.js';
import type { Design } from './design.js';
import type { Fit } from './fit.js';
import { type MemoryNeeds, memoryNeeds } from './memory.js';
import type { LayerPlan } from './plan.js';
import type { FpgaTarget, FpgaTargetName } from './targets.js';

/** What `design.json` tells of a synthesised accelerator: all that a host needs to drive it. */
export interface DesignDocument {
  readonly format: 1;
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
  /** Each with its cycles by the cycle model. */
  readonly layers: readonly (LayerPlan & { readonly cycles: number })[];
  readonly cyclesPerImage: number;
}

/** Describes a design on its target, with the versions of the tools that made it. */
export function designDocument(
  { design, plans, target }: Fit & { readonly target: FpgaTarget },
  tools: Readonly<Record<string, string>>,
): DesignDocument {
  return {
    format: 1,
    target: target.name,
    part: target.part,
    board: target.board,
    clock: target.clock,
    baud: target.baud,
    tools,
    design,
    memories: memoryNeeds(design),
    layers: plans.map((plan) => ({ ...plan, cycles: layerCycles(plan, design) })),
    cyclesPerImage: imageCycles(plans, design),
  };
}
