import type { PackedBinaryConv } from '../../model/packed.js';
import { type EngineDesign, halvesPerWord, lanes, subsetWords } from './design.js';
import type { LayerPlan } from './plan.js';

/**
 * The halves of a layer's weight words, in the order in which they are written: first the subset,
 * one member a word, then one word of indices for every output group and, innermost, input group.
 * Channels that only fill a group up have index 0.
 */
export function packWeights(
  { tiling, conv, weightWords }: LayerPlan,
  { members, indices }: Pick<PackedBinaryConv, 'members' | 'indices'>,
  design: EngineDesign,
): Uint16Array {
  const perWord = halvesPerWord(design).weights;
  const halves = new Uint16Array(weightWords * perWord);
  const subset = subsetWords(design.tau);
  for (let k = 0; k < subset; k++) halves[k * perWord] = members[k];

  let word = subset;
  for (let outputGroup = 0; outputGroup < tiling.outputGroups; outputGroup++) {
    for (let inputGroup = 0; inputGroup < tiling.inputGroups; inputGroup++, word++) {
      for (let lane = 0; lane < lanes(design); lane++) {
        const output = outputGroup * design.outputs + Math.floor(lane / design.inputs);
        const input = inputGroup * design.inputs + (lane % design.inputs);
        if (output >= conv.output.channels || input >= conv.input.channels) continue;
        const index = indices[output * conv.input.channels + input];
        const code = design.tau === 9 ? members[index] : index;
        putBits(halves, word * perWord * 16 + lane * design.tau, code);
      }
    }
  }
  return halves;
}

/** Sets the bits of `value` from bit `at` on, counted through little-endian 16-bit halves. */
export function putBits(halves: Uint16Array, at: number, value: number): void {
  const half = at >> 4;
  const shifted = value << (at & 15);
  halves[half] |= shifted & 0xffff;
  if (shifted > 0xffff) halves[half + 1] |= shifted >>> 16;
}

/**
 * What the engine subtracts from twice a match count m to get the accumulator 2 m - offset: one for
 * each of the 9 Cin products, and 2 for every match of a channel that only fills a group up (window
 * all -1, kernel of index 0, so its zeros match).
 */
export function layerOffset(
  { tiling, conv }: LayerPlan,
  { members }: Pick<PackedBinaryConv, 'members'>,
  design: Pick<EngineDesign, 'inputs' | 'tau'>,
): number {
  const filling = tiling.inputGroups * design.inputs - conv.input.channels;
  const kernel = design.tau === 9 ? 0 : members[0];
  return 9 * conv.input.channels + 2 * filling * (9 - countOnes(kernel));
}

function countOnes(code: number): number {
  let ones = 0;
  for (let rest = code; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
