import type { PackedModel } from '../model/packed.js';
import type { LayerTrace } from '../model/trace.js';
import { Failure } from '../util/failure.js';
import { converse } from './converse.js';
import { type Design, rtlParameters } from './design.js';
import { imageWords, mapAddress, mapValues, mapWords, type StepMap } from './host/maps.js';
import { networkImage } from './image.js';
import type { NetworkPlan } from './plan.js';
import type { Step } from './steps.js';
import type { ToolContext } from './tools/tool.js';
import { buildSimulator } from './tools/verilator.js';

/** Builds the simulator of a design in `folder`; returns the path of its program. */
export function buildAccelerator(
  design: Design,
  folder: string,
  context: ToolContext,
): Promise<string> {
  const source = {
    top: 'subbit_network',
    parameters: rtlParameters(design),
    harness: 'network.cpp',
  };
  return buildSimulator(source, folder, context);
}

/** One image through the simulated accelerator. */
export interface NetworkOutcome {
  /** The maps that were asked for, in order. */
  readonly maps: readonly LayerTrace[];
  /** Cycles until each of these maps was complete, from the start of the network. */
  readonly cycles: readonly number[];
}

const spaces = { weights: 0, maps: 1 } as const;
const mostWords = 0xffff;

/**
 * Runs images through the simulated accelerator: loads the network once, then for each image the
 * network until every step of `probes`, whose map is read back.
 *
 * @param program what {@link buildAccelerator} returned for this design
 * @param probes positions of steps; the last step gives the logits
 * @throws Failure of kind `tool` when the simulator fails or answers with too few bytes
 */
export async function simulateNetwork(
  program: string,
  { model, plan, design }: { model: PackedModel; plan: NetworkPlan; design: Design },
  images: readonly Uint8Array[],
  probes: readonly number[],
  signal: AbortSignal,
): Promise<NetworkOutcome[]> {
  function* commands(): Generator<Uint8Array> {
    const words = networkImage(model, plan, design);
    yield writeCommand(spaces.weights, 2, new Uint16Array(words.buffer));
    for (const image of images) {
      for (const probe of probes) {
        yield writeCommand(spaces.maps, 1, imageWords(image));
        yield Uint8Array.of(0x52, probe); // R: run
        yield readCommand(mapAddress(probe), mapWords(mapOf(plan.steps[probe].step)));
      }
    }
  }
  const answer = await converse(program, commands(), signal);
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    if (at > answer.length) {
      throw new Failure(
        'tool',
        `the simulated accelerator answered ${answer.length} bytes, too few`,
      );
    }
    return at - bytes;
  };
  return images.map(() => {
    const outcomes = probes.map((probe) => {
      const map = mapOf(plan.steps[probe].step);
      const cycles = answer.readUInt32LE(take(4));
      const count = mapWords(map);
      const from = take(2 * count);
      const halves = Int16Array.from({ length: count }, (_, i) => answer.readInt16LE(from + 2 * i));
      const { name, shape } = map;
      return { cycles, map: { name, shape, values: mapValues(map, halves) } };
    });
    return { maps: outcomes.map(({ map }) => map), cycles: outcomes.map(({ cycles }) => cycles) };
  });
}

/** The map that a step leaves. */
export function mapOf({ kind, name, output }: Step): StepMap {
  return { name, shape: output, wordsPerValue: kind === 'classifier' ? 2 : 1 };
}

function writeCommand(space: number, banks: number, halves: Uint16Array): Uint8Array {
  const words = halves.length / banks;
  if (words > mostWords) throw new RangeError(`${words} words in a command`);
  const command = new DataView(new ArrayBuffer(7 + 2 * halves.length));
  command.setUint8(0, 0x57); // W: write
  command.setUint8(1, space);
  command.setUint8(2, banks);
  command.setUint16(3, 0, true);
  command.setUint16(5, words, true);
  halves.forEach((half, i) => {
    command.setUint16(7 + 2 * i, half, true);
  });
  return new Uint8Array(command.buffer);
}

function readCommand(address: number, words: number): Uint8Array {
  const bytes = (value: number) => [value & 0xff, value >> 8];
  return Uint8Array.of(0x44, ...bytes(address), ...bytes(words)); // D: read data
}
