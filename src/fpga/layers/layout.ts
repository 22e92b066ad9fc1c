import type { ConvShape } from '../../model/network.js';
import type { EngineDesign } from './design.js';
import type { LayerPass, LayerPlan } from './plan.js';

/**
 * The halves of the activation words of one pass, in the order in which they are written. A word
 * holds, for each channel of an input group, the three input rows that an output row needs; a row is
 * a segment's columns with a neighbour on each side. What lies outside the map is 0, that is -1.
 *
 * @param bits 1 for +1 and 0 for -1, [height, width, channels] of the layer's input.
 */
export function packActivations(
  bits: Uint8Array,
  { conv, tiling }: Pick<LayerPlan, 'conv' | 'tiling'>,
  pass: LayerPass,
  design: Pick<EngineDesign, 'pixels' | 'inputs'>,
): Uint16Array {
  const { height, width, channels } = conv.input;
  const columns = 2 * design.pixels + 2;
  const halves = new Uint16Array(
    pass.rows * tiling.segments * tiling.inputGroups * design.inputs * 3,
  );
  let at = 0;
  for (let row = pass.firstRow; row < pass.firstRow + pass.rows; row++) {
    for (let segment = 0; segment < tiling.segments; segment++) {
      const left = segment * 2 * design.pixels - 1;
      for (let channel = 0; channel < tiling.inputGroups * design.inputs; channel++) {
        for (let ky = 0; ky < 3; ky++, at++) {
          const y = row * conv.stride + ky - 1;
          if (channel >= channels || y < 0 || y >= height) continue;
          let half = 0;
          for (let column = 0; column < columns; column++) {
            const x = left + column;
            if (x >= 0 && x < width) half |= bits[(y * width + x) * channels + channel] << column;
          }
          halves[at] = half;
        }
      }
    }
  }
  return halves;
}

/** Place of a result in a layer's output. */
export interface ResultPlace {
  readonly row: number;
  readonly column: number;
  readonly channel: number;
}

/**
 * Places of a pass's results in the order in which the engine leaves them, null where a lane or a
 * channel lies outside the map: [word, pixel].
 */
export function* resultPlaces(
  { conv, tiling }: Pick<LayerPlan, 'conv' | 'tiling'>,
  pass: LayerPass,
  design: Pick<EngineDesign, 'pixels' | 'outputs'>,
): Generator<ResultPlace | null> {
  const { width, channels } = conv.output;
  for (let row = pass.firstRow; row < pass.firstRow + pass.rows; row++) {
    for (let tile = 0; tile < tiling.tiles; tile++) {
      for (let channel = 0; channel < tiling.outputGroups * design.outputs; channel++) {
        for (let lane = 0; lane < design.pixels; lane++) {
          const column = tile * design.pixels + lane;
          yield column < width && channel < channels ? { row, column, channel } : null;
        }
      }
    }
  }
}

/** Index of a place in a map stored as [height, width, channels]. */
export function placeIndex({ row, column, channel }: ResultPlace, conv: ConvShape): number {
  return (row * conv.output.width + column) * conv.output.channels + channel;
}

/** What the layer registers 0..7 hold for a pass; `offset` as {@link layerOffset} gives it. */
export function layerRegisters(plan: LayerPlan, pass: LayerPass, offset: number): Uint16Array {
  const { tiling, conv } = plan;
  return Uint16Array.of(
    plan.weightBase,
    0,
    tiling.inputGroups - 1,
    tiling.outputGroups - 1,
    pass.rows - 1,
    tiling.tiles - 1,
    conv.stride === 2 ? 1 : 0,
    offset,
  );
}
