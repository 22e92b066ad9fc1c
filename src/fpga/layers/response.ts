import { representativeCount, type SubsetStructure } from '../../subbit/subset.js';
import { type EngineDesign, lanes, weightWidth } from './design.js';
import { layerOffset, putBits } from './image.js';
import { layerRegisters } from './layout.js';
import { type BinaryLayer, type LayerPlan, tileLayer } from './plan.js';
import type { EngineLayout, WeightedLayer } from './simulate.js';

/** Parameters of hw/rtl/subbit_response_engine.sv: convolution by tables of responses. */
export interface ResponseDesign
  extends Pick<
    EngineDesign,
    'pixels' | 'outputs' | 'inputs' | 'tau' | 'countBits' | 'activationDepth' | 'weightDepth'
  > {
  readonly structure: SubsetStructure;
  /** Most groups of output channels, 2 or more. */
  readonly groups: number;
}

/** The RTL's parameters by name. */
export function responseParameters(design: ResponseDesign): Readonly<Record<string, number>> {
  return {
    PIXELS: design.pixels,
    OUTPUTS: design.outputs,
    INPUTS: design.inputs,
    TAU: design.tau,
    ANTIPODAL: design.structure === 'antipodal' ? 1 : 0,
    COUNT_BITS: design.countBits,
    ACT_DEPTH: design.activationDepth,
    WEIGHT_DEPTH: design.weightDepth,
    GROUPS: design.groups,
  };
}

/**
 * Places layers behind each other in the weight memory, each in one pass. Nothing is checked against
 * the depths of the memories: this engine is measured, not deployed.
 */
export function planResponseLayers(
  layers: readonly BinaryLayer[],
  design: ResponseDesign,
): LayerPlan[] {
  let weightBase = 0;
  return layers.map((layer) => {
    const tiling = tileLayer(layer.conv, design);
    const members = representativeCount(design.tau, design.structure);
    const plan = {
      ...layer,
      tiling,
      weightBase,
      weightWords: members + tiling.inputGroups * tiling.outputGroups,
      activationWordsPerRow: tiling.segments * tiling.inputGroups,
      resultWordsPerRow: tiling.tiles * tiling.outputGroups * design.outputs,
      passes: [{ firstRow: 0, rows: layer.conv.output.height }],
    };
    weightBase += plan.weightWords;
    return plan;
  });
}

/** The stored members, then words of indices by input group and, innermost, output group. */
function packResponseWeights(
  { plan: { tiling, conv, weightWords }, weights: { members, indices } }: WeightedLayer,
  design: ResponseDesign,
): Uint16Array {
  const perWord = Math.ceil(weightWidth(design) / 16);
  const halves = new Uint16Array(weightWords * perWord);
  const stored = representativeCount(design.tau, design.structure);
  for (let k = 0; k < stored; k++) halves[k * perWord] = members[k];

  let word = stored;
  for (let inputGroup = 0; inputGroup < tiling.inputGroups; inputGroup++) {
    for (let outputGroup = 0; outputGroup < tiling.outputGroups; outputGroup++, word++) {
      for (let lane = 0; lane < lanes(design); lane++) {
        const output = outputGroup * design.outputs + Math.floor(lane / design.inputs);
        const input = inputGroup * design.inputs + (lane % design.inputs);
        if (output >= conv.output.channels || input >= conv.input.channels) continue;
        const index = indices[output * conv.input.channels + input];
        putBits(halves, word * perWord * 16 + lane * design.tau, index);
      }
    }
  }
  return halves;
}

/** How the response engine, in its harness, takes a layer. */
export function responseLayout(design: ResponseDesign): EngineLayout {
  const perWord = Math.ceil(weightWidth(design) / 16);
  return {
    ...design,
    halves: { activations: 3 * design.inputs, weights: perWord },
    weights: (layer) => packResponseWeights(layer, design),
    registers: ({ plan, weights }, pass) => [
      { space: 2, halves: layerRegisters(plan, pass, phaseCycles(plan, design) - 1) },
      { space: 3, halves: Uint16Array.of(layerOffset(plan, weights, design)) },
    ],
  };
}

/** Cycles of a phase: members computed or output groups read, whichever are more. */
function phaseCycles(
  { tiling }: Pick<LayerPlan, 'tiling'>,
  { tau, structure }: Pick<ResponseDesign, 'tau' | 'structure'>,
): number {
  return Math.max(representativeCount(tau, structure), tiling.outputGroups);
}

/** Steps from the last read's turn until its counts have left. */
const drainSteps = 7;

/**
 * Cycles of a layer in one pass, as the RTL takes them: the subset is fetched, a phase for every
 * input group of every tile, the reading of the last, and the pipeline's running empty.
 */
export function responseCycles(
  plan: Pick<LayerPlan, 'tiling' | 'conv'>,
  design: Pick<ResponseDesign, 'tau' | 'structure'>,
): number {
  const { tiles, inputGroups, outputGroups } = plan.tiling;
  const phases = plan.conv.output.height * tiles * inputGroups;
  return (
    representativeCount(design.tau, design.structure) +
    phases * phaseCycles(plan, design) +
    outputGroups +
    drainSteps
  );
}
