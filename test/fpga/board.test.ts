import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passCycles } from '../../src/fpga/cycles.js';
import { type Design, halvesPerWord } from '../../src/fpga/design.js';
import { type Accelerator, accelerator, spaces } from '../../src/fpga/host/accelerator.js';
import { encodeFrame, type Frame, frameDecoder } from '../../src/fpga/host/frame.js';
import {
  layerRegisters,
  packActivations,
  placeIndex,
  resultPlaces,
} from '../../src/fpga/host/layout.js';
import { openLink, type Transport } from '../../src/fpga/host/link.js';
import { openSerial } from '../../src/fpga/host/serial.js';
import { layerOffset, packWeights } from '../../src/fpga/image.js';
import { linkBytes } from '../../src/fpga/link-time.js';
import { planLayers } from '../../src/fpga/plan.js';
import { buildBoard, type SimulatedBoard, startBoard } from '../../src/fpga/simulated-board.js';
import {
  buildTimeout,
  canSimulate,
  convolution,
  convShape,
  quiet,
  randomBits,
  randomWeights,
  simulated,
  temporaryFolder,
} from './support.js';

const design: Design = {
  pixels: 4,
  outputs: 2,
  inputs: 1,
  tau: 5,
  countBits: 7,
  activationDepth: 256,
  weightDepth: 512,
  weightHuge: false,
  resultDepth: 256,
};

const [plan] = planLayers([{ name: 'layer', conv: convShape(5, 7, 9, 11, 2) }], design);
const weights = randomWeights(plan.conv, design.tau, 1);
const bits = randomBits(plan.conv, 1);

/** Runs the one layer over the link as a host does. */
async function runLayer(device: Accelerator, weightsLoaded: () => void) {
  const banks = halvesPerWord(design);
  await device.write(spaces.weights, banks.weights, 0, packWeights(plan, weights, design));
  weightsLoaded();
  const accumulators = new Int32Array(convolution(plan.conv, weights, bits).length);
  const cycles: number[] = [];
  for (const pass of plan.passes) {
    const words = packActivations(bits, plan, pass, design);
    await device.write(spaces.activations, banks.activations, 0, words);
    const offset = layerOffset(plan, weights, design);
    cycles.push(await device.run(layerRegisters(plan, pass, offset)));
    const results = await device.read(pass.rows * plan.resultWordsPerRow, design.pixels);
    let i = 0;
    for (const place of resultPlaces(plan, pass, design)) {
      if (place) accumulators[placeIndex(place, plan.conv)] = results[i];
      i++;
    }
  }
  return { accumulators, cycles };
}

describe.skipIf(!canSimulate)(`a board on its serial port ${simulated}`, () => {
  const folder = temporaryFolder();
  let board: SimulatedBoard;
  let transport: Transport;

  beforeAll(async () => {
    const timing = { divider: 4, pauseBits: 12 };
    const program = await buildBoard(design, timing, join(folder, 'board'), quiet(folder));
    board = await startBoard(program);
    transport = openSerial(board.port, 1_000_000);
  }, buildTimeout);
  afterAll(async () => {
    transport?.close();
    await board?.stop();
  });

  /** Sends raw bytes and waits until an answer is there, or for `patience` milliseconds. */
  async function exchange(bytes: Uint8Array, patience = 3000): Promise<(Frame | null)[]> {
    const decode = frameDecoder();
    const received: (Frame | null)[] = [];
    transport.listen((part) => received.push(...decode(part)));
    transport.write(bytes);
    for (let waited = 0; waited < patience && received.length === 0; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return received;
  }
  const frame = (code: number, ...halves: number[]) =>
    encodeFrame({ sequence: 17, code, halves: Uint16Array.from(halves) });
  const refusal = (reason: number) => [
    { sequence: 17, code: 0xff, halves: Uint16Array.of(reason) },
  ];

  it('describes itself by its parameters', async () => {
    const { weightHuge: _, ...parameters } = design;
    const device = accelerator(openLink(transport, 5000));
    expect(await device.describe()).toEqual({ protocol: 1, ...parameters });
  });

  it('runs a layer bit for bit, in the cycles and over the bytes that the models say', async () => {
    let bytes = 0;
    const metered: Transport = {
      ...transport,
      write: (sent) => {
        bytes += sent.length;
        transport.write(sent);
      },
      listen: (take) =>
        transport.listen((got) => {
          bytes += got.length;
          take(got);
        }),
    };
    const device = accelerator(openLink(metered, 5000));
    const { accumulators, cycles } = await runLayer(device, () => {
      bytes = 0;
    });
    expect(accumulators).toEqual(convolution(plan.conv, weights, bits));
    expect(cycles).toEqual(plan.passes.map((pass) => passCycles(plan.tiling, pass, design)));
    expect(bytes).toBe(linkBytes([plan], design));
  });

  it('refuses a frame with any byte damaged, and nothing of it happens', async () => {
    const before = await exchange(frame(4, 0, 8));
    const registers = frame(3, 0, 0, 0, 0, 0, 0, 0, 0);
    for (const place of [1, 2, 4, 9, registers.length - 1]) {
      const damaged = Uint8Array.from(registers);
      damaged[place] ^= 0x10;
      const [answer] = await exchange(damaged);
      expect(answer).toMatchObject({ code: 0xff, halves: Uint16Array.of(1) });
    }
    expect(await exchange(frame(4, 0, 8))).toEqual(before);
  });

  it('refuses what it does not know and payloads that make no sense', async () => {
    expect(await exchange(frame(0x55))).toEqual(refusal(2));
    expect(await exchange(frame(1, 0))).toEqual(refusal(3));
    expect(await exchange(frame(2, 9, 0, 0))).toEqual(refusal(3));
    expect(await exchange(frame(2, 0, 0))).toEqual(refusal(3));
    expect(await exchange(frame(3, 1, 2))).toEqual(refusal(3));
    expect(await exchange(frame(4, 0, 0))).toEqual(refusal(3));
    expect(await exchange(frame(4, 0, 64))).toEqual(refusal(3));
  });

  it('passes over noise before a frame and recovers from one that breaks off', async () => {
    expect(await exchange(Uint8Array.from([0, 0xff, 0x80, ...frame(0x55)]))).toEqual(refusal(2));
    expect(await exchange(frame(1).subarray(0, 4), 300)).toEqual([]);
    const [answer] = await exchange(frame(1));
    expect(answer).toMatchObject({ sequence: 17, code: 0x81 });
  });
});
