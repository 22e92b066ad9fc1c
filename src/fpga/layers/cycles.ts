import { type EngineDesign, subsetWords } from './design.js';
import type { LayerPass, LayerPlan, LayerTiling } from './plan.js';

/** Steps from the issue of a group's last operands until its first results leave. */
const pipelineSteps = 4;

/**
 * Cycles of one pass, from the acceptance of its start until its last result is stored; equal to
 * the RTL's cycle counter. The subset is fetched first, one member a cycle; then every output group
 * of every tile takes its input groups, or the beats in which the group before it leaves where
 * those are more; then the pipeline runs empty.
 */
export function passCycles(
  tiling: LayerTiling,
  pass: LayerPass,
  design: Pick<EngineDesign, 'outputs' | 'tau'>,
): number {
  const groups = pass.rows * tiling.tiles * tiling.outputGroups;
  const groupCycles = Math.max(tiling.inputGroups, design.outputs);
  return (
    subsetWords(design.tau) +
    (groups - 1) * groupCycles +
    tiling.inputGroups +
    pipelineSteps +
    design.outputs
  );
}

/** Cycles of a whole layer: the sum over its passes. */
export function layerCycles(
  plan: Pick<LayerPlan, 'tiling' | 'passes'>,
  design: Pick<EngineDesign, 'outputs' | 'tau'>,
): number {
  return plan.passes.reduce((sum, pass) => sum + passCycles(plan.tiling, pass, design), 0);
}
