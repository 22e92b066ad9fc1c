import type { ConvShape } from '../../model/network.js';
import { type EngineDesign, subsetWords } from './design.js';

/** A binary 3x3 convolution of the network, by name. */
export interface BinaryLayer {
  readonly name: string;
  readonly conv: ConvShape;
}

/** How a layer's loops are cut for a design. */
export interface LayerTiling {
  /** Steps over the input channels. */
  readonly inputGroups: number;
  /** Groups of output channels. */
  readonly outputGroups: number;
  /** Tiles of `pixels` outputs in an output row. */
  readonly tiles: number;
  /** Segments of activation words in an output row. */
  readonly segments: number;
}

/** One run of the engine: some output rows of a layer, as many as the memories hold. */
export interface LayerPass {
  readonly firstRow: number;
  readonly rows: number;
}

/** What the engine's layer registers hold (docs/hardware.md), except the offset. */
export interface LayerPlan extends BinaryLayer {
  readonly tiling: LayerTiling;
  /** First word of its subset and indices in the weight memory. */
  readonly weightBase: number;
  /** Words of its subset and indices. */
  readonly weightWords: number;
  /** Words of activations that an output row takes. */
  readonly activationWordsPerRow: number;
  /** Words of results that an output row takes. */
  readonly resultWordsPerRow: number;
  readonly passes: readonly LayerPass[];
}

/** Cuts a layer's loops for a design. */
export function tileLayer(
  conv: ConvShape,
  design: Pick<EngineDesign, 'pixels' | 'outputs' | 'inputs'>,
): LayerTiling {
  const tiles = Math.ceil(conv.output.width / design.pixels);
  return {
    inputGroups: Math.ceil(conv.input.channels / design.inputs),
    outputGroups: Math.ceil(conv.output.channels / design.outputs),
    tiles,
    segments: conv.stride === 2 ? tiles : Math.ceil(tiles / 2),
  };
}

/**
 * Places every layer's weights in the weight memory, one behind the other, and cuts every layer into
 * passes that the activation and result memories hold. A layer of which not even one row fits gets
 * no passes: `misfits` (fit.ts) says so before anything is built.
 */
export function planLayers(layers: readonly BinaryLayer[], design: EngineDesign): LayerPlan[] {
  let weightBase = 0;
  return layers.map((layer) => {
    const tiling = tileLayer(layer.conv, design);
    const activationWordsPerRow = tiling.segments * tiling.inputGroups;
    const resultWordsPerRow = tiling.tiles * tiling.outputGroups * design.outputs;
    const rowsPerPass = Math.min(
      Math.floor(design.activationDepth / activationWordsPerRow),
      Math.floor(design.resultDepth / resultWordsPerRow),
    );
    const weightWords = subsetWords(design.tau) + tiling.inputGroups * tiling.outputGroups;
    const plan = {
      ...layer,
      tiling,
      weightBase,
      weightWords,
      activationWordsPerRow,
      resultWordsPerRow,
      passes: cutRows(layer.conv.output.height, rowsPerPass),
    };
    weightBase += weightWords;
    return plan;
  });
}

function cutRows(height: number, rowsPerPass: number): LayerPass[] {
  const passes: LayerPass[] = [];
  for (let firstRow = 0; rowsPerPass > 0 && firstRow < height; firstRow += rowsPerPass) {
    passes.push({ firstRow, rows: Math.min(rowsPerPass, height - firstRow) });
  }
  return passes;
}
