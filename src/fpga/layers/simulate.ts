import type { PackedBinaryConv } from '../../model/packed.js';
import { Failure } from '../../util/failure.js';
import { converse } from '../converse.js';
import type { ToolContext } from '../tools/tool.js';
import { buildSimulator } from '../tools/verilator.js';
import { type EngineDesign, engineParameters, halvesPerWord } from './design.js';
import { layerOffset, packWeights } from './image.js';
import { layerRegisters, packActivations, placeIndex, resultPlaces } from './layout.js';
import type { LayerPass, LayerPlan } from './plan.js';

/** A layer of the plan with the weights that it runs with. */
export interface WeightedLayer {
  readonly plan: LayerPlan;
  readonly weights: Pick<PackedBinaryConv, 'members' | 'indices'>;
}

/** One layer on one input. */
export interface LayerJob {
  /** Which of the layers. */
  readonly layer: number;
  /** 1 for +1, 0 for -1, [height, width, channels]. */
  readonly bits: Uint8Array;
}

export interface LayerOutcome {
  /** [height, width, channels] of the layer's output. */
  readonly accumulators: Int32Array;
  /** Cycles of each pass, by the RTL's own counter. */
  readonly cycles: readonly number[];
}

/**
 * Builds the simulator of a design's engine in `folder`; returns the path of its program.
 *
 * @param patient whether its results are accepted at once, or only now and then
 */
export function buildEngine(
  design: EngineDesign,
  patient: boolean,
  folder: string,
  context: ToolContext,
): Promise<string> {
  const defines = {
    ...{ RESPONSE: 0, PATIENT: patient ? 1 : 0 },
    ...{ COUNTS: design.pixels, COUNT_BITS: design.countBits },
  };
  const parameters = engineParameters(design);
  const source = { top: 'subbit_engine', parameters, harness: 'engine.cpp', defines };
  return buildSimulator(source, folder, context);
}

/** How a simulated engine takes a layer. */
export interface EngineLayout extends Pick<EngineDesign, 'pixels' | 'outputs' | 'inputs'> {
  /** 16-bit halves of a word of each memory. */
  readonly halves: { readonly activations: number; readonly weights: number };
  /** The halves of a layer's weight words. */
  readonly weights: (layer: WeightedLayer) => Uint16Array;
  /** What is written for a pass before it runs: spaces from word 0 on. */
  readonly registers: (
    layer: WeightedLayer,
    pass: LayerPass,
  ) => readonly { readonly space: number; readonly halves: Uint16Array }[];
}

/**
 * Runs layers through the simulated engine: loads all weights once, then for each job and each
 * of its passes activations and registers, and reads the results back.
 *
 * @param program what {@link buildEngine} returned for this design
 * @throws Failure of kind `tool` when the simulator fails or answers with too few bytes
 */
export function simulateLayers(
  program: string,
  design: EngineDesign,
  layers: readonly WeightedLayer[],
  jobs: readonly LayerJob[],
  signal: AbortSignal,
): Promise<LayerOutcome[]> {
  return simulateEngine(program, engineLayout(design), layers, jobs, signal);
}

/** {@link simulateLayers} for any engine whose harness speaks the commands of hw/sim. */
export async function simulateEngine(
  program: string,
  layout: EngineLayout,
  layers: readonly WeightedLayer[],
  jobs: readonly LayerJob[],
  signal: AbortSignal,
): Promise<LayerOutcome[]> {
  const answer = await converse(program, commands(layout, layers, jobs), signal);
  return readAnswer(answer, layout, layers, jobs);
}

const spaces = { activations: 0, weights: 1, registers: 2 } as const;

function engineLayout(design: EngineDesign): EngineLayout {
  return {
    ...design,
    halves: halvesPerWord(design),
    weights: ({ plan, weights }) => packWeights(plan, weights, design),
    registers: ({ plan, weights }, pass) => {
      const offset = layerOffset(plan, weights, design);
      return [{ space: spaces.registers, halves: layerRegisters(plan, pass, offset) }];
    },
  };
}

function* commands(
  layout: EngineLayout,
  layers: readonly WeightedLayer[],
  jobs: readonly LayerJob[],
): Generator<Uint8Array> {
  for (const layer of layers) {
    const { weightBase } = layer.plan;
    yield writeCommand(spaces.weights, layout.halves.weights, weightBase, layout.weights(layer));
  }
  for (const { layer, bits } of jobs) {
    const { plan } = layers[layer];
    for (const pass of plan.passes) {
      const activations = packActivations(bits, plan, pass, layout);
      yield writeCommand(spaces.activations, layout.halves.activations, 0, activations);
      for (const { space, halves } of layout.registers(layers[layer], pass)) {
        yield writeCommand(space, 1, 0, halves);
      }
      yield Uint8Array.of(0x52); // R: run
      yield readCommand(layout.pixels, pass.rows * plan.resultWordsPerRow);
    }
  }
}

function writeCommand(space: number, banks: number, address: number, halves: Uint16Array) {
  const command = new DataView(new ArrayBuffer(7 + 2 * halves.length));
  command.setUint8(0, 0x57); // W: write
  command.setUint8(1, space);
  command.setUint8(2, banks);
  command.setUint16(3, address, true);
  command.setUint16(5, halves.length / banks, true);
  halves.forEach((half, i) => {
    command.setUint16(7 + 2 * i, half, true);
  });
  return new Uint8Array(command.buffer);
}

function readCommand(pixels: number, words: number): Uint8Array {
  return Uint8Array.of(0x44, pixels, words & 0xff, words >> 8); // D: read data
}

function readAnswer(
  answer: Buffer,
  layout: EngineLayout,
  layers: readonly WeightedLayer[],
  jobs: readonly LayerJob[],
): LayerOutcome[] {
  let at = 0;
  const outcomes = jobs.map(({ layer }) => {
    const { plan } = layers[layer];
    const { height, width, channels } = plan.conv.output;
    const accumulators = new Int32Array(height * width * channels);
    const cycles = plan.passes.map((pass) => {
      const bytes = 4 + 2 * pass.rows * plan.resultWordsPerRow * layout.pixels;
      if (at + bytes > answer.length) {
        throw new Failure('tool', `the simulated engine answered ${answer.length} bytes, too few`);
      }
      const count = answer.readUInt32LE(at);
      let place = at + 4;
      for (const result of resultPlaces(plan, pass, layout)) {
        if (result) accumulators[placeIndex(result, plan.conv)] = answer.readInt16LE(place);
        place += 2;
      }
      at += bytes;
      return count;
    });
    return { accumulators, cycles };
  });
  if (at !== answer.length) {
    throw new Failure('tool', `the simulated engine answered ${answer.length - at} bytes too many`);
  }
  return outcomes;
}
