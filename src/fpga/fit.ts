import { imageCycles } from './cycles.js';
import { type Design, subsetWords, weightWidth } from './design.js';
import { memoryNeeds, totalBlockRams } from './memory.js';
import { type BinaryLayer, type LayerPlan, planLayers, tileLayer } from './plan.js';
import type { FpgaTarget } from './targets.js';

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
  readonly plans: readonly LayerPlan[];
  readonly misfits: readonly Misfit[];
}

/**
 * Shapes of the engine that are considered, as pixels x outputs x inputs. Rows of 7, 14, 28 and 56
 * pixels are multiples of 7; the largest shape takes about two thirds of an UP5K's logic.
 */
export const engineShapes = [
  { pixels: 7, outputs: 4, inputs: 2 },
  { pixels: 7, outputs: 3, inputs: 2 },
  { pixels: 7, outputs: 2, inputs: 2 },
  { pixels: 7, outputs: 4, inputs: 1 },
  { pixels: 7, outputs: 2, inputs: 1 },
] as const;

const blockWords = 256;
const roundUp = (words: number) => Math.ceil(words / blockWords) * blockWords;

/**
 * The engine for a network's binary layers on a target: of the shapes whose memories fit, the one
 * with the fewest cycles an image; where none fits, the one that comes closest, with its misfits.
 */
export function chooseDesign(layers: readonly BinaryLayer[], tau: number, target: FpgaTarget): Fit {
  const fits = engineShapes.map((shape) => fitDesign(layers, { ...shape, tau }, target));
  const cycles = ({ plans, design }: Fit) => imageCycles(plans, design);
  const excess = ({ misfits }: Fit) =>
    misfits.reduce((sum, misfit) => sum + misfit.needed / misfit.available, 0);
  return fits.reduce((best, fit) => {
    if (excess(fit) !== excess(best)) return excess(fit) < excess(best) ? fit : best;
    return cycles(fit) < cycles(best) ? fit : best;
  });
}

/** Sizes the memories of one engine shape for a network and holds them against the target. */
function fitDesign(
  layers: readonly BinaryLayer[],
  shape: Pick<Design, 'pixels' | 'outputs' | 'inputs' | 'tau'>,
  target: FpgaTarget,
): Fit {
  const tilings = layers.map(({ conv }) => tileLayer(conv, shape));
  const largest = (values: number[]) => Math.max(1, ...values);
  const mostInputs = largest(tilings.map((tiling) => tiling.inputGroups * shape.inputs));
  const weightWords = tilings.reduce(
    (sum, { inputGroups, outputGroups }) =>
      sum + subsetWords(shape.tau) + inputGroups * outputGroups,
    0,
  );
  const weightHuge = target.resources.sprams > 0;
  const design: Design = {
    ...shape,
    countBits: Math.ceil(Math.log2(9 * mostInputs + 1)),
    activationDepth: roundUp(largest(tilings.map((t) => t.segments * t.inputGroups))),
    resultDepth: roundUp(largest(tilings.map((t) => t.tiles * t.outputGroups * shape.outputs))),
    weightDepth: weightHuge ? Math.max(16384, roundUp(weightWords)) : roundUp(weightWords),
    weightHuge,
  };
  return {
    design,
    plans: planLayers(layers, design),
    misfits: [...memoryMisfits(design, target), ...counterMisfits(layers, design)],
  };
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
      detail: `weights: ${design.weightDepth} words of ${weightWidth(design)} bits`,
    },
  ];
  return candidates.filter(({ needed, available }) => needed > available);
}

/** Widths of the sequencer's registers and of the link's addresses (docs/hardware.md). */
function counterMisfits(layers: readonly BinaryLayer[], design: Design): Misfit[] {
  const perLayer = layers.flatMap(({ name, conv }) => {
    const tiling = tileLayer(conv, design);
    return [
      { what: 'input groups', needed: tiling.inputGroups, available: 256, name },
      { what: 'output groups', needed: tiling.outputGroups, available: 256, name },
      { what: 'tiles of a row', needed: tiling.tiles, available: 256, name },
    ];
  });
  const misfits = perLayer.map(({ what, needed, available, name }) => ({
    resource: what,
    needed,
    available,
    detail: name,
  }));
  const depths = [design.weightDepth, design.activationDepth, design.resultDepth];
  misfits.push({
    resource: 'words of a memory',
    needed: Math.max(...depths),
    available: 65536,
    detail: `weights ${depths[0]}, activations ${depths[1]}, results ${depths[2]}`,
  });
  return misfits.filter(({ needed, available }) => needed > available);
}
