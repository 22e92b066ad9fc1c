import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkCycles } from '../../src/fpga/cycles.js';
import type { Design } from '../../src/fpga/design.js';
import { accelerator } from '../../src/fpga/host/accelerator.js';
import { encodeFrame, type Frame, frameDecoder } from '../../src/fpga/host/frame.js';
import { infer } from '../../src/fpga/host/infer.js';
import { openLink, type Transport } from '../../src/fpga/host/link.js';
import { imageWords, mapAddress, mapValues, mapWords } from '../../src/fpga/host/maps.js';
import { openSerial } from '../../src/fpga/host/serial.js';
import { networkImage } from '../../src/fpga/image.js';
import { linkBytes } from '../../src/fpga/link-time.js';
import { planNetwork } from '../../src/fpga/plan.js';
import { mapOf } from '../../src/fpga/simulate.js';
import { buildBoard, type SimulatedBoard, startBoard } from '../../src/fpga/simulated-board.js';
import { layOut } from '../../src/model/network.js';
import { referenceLogits } from '../../src/model/reference.js';
import { randomImages, randomModel } from '../model/networks.js';
import { buildTimeout, canSimulate, quiet, simulated, temporaryFolder } from './support.js';

const design: Design = {
  pixels: 4,
  outputs: 2,
  inputs: 1,
  tau: 5,
  countBits: 8,
  activationDepth: 512,
  weightDepth: 1024,
  mapDepth: 1024,
  huge: false,
};

const shape = layOut(
  { family: 'bireal', stages: [1, 1], width: 5, stem: { kernel: 3, stride: 1, pool: false } },
  { height: 11, width: 13, channels: 3 },
  3,
);
const model = randomModel({
  ...{ seed: 4, mood: 'packed', shape, taus: [5, 4], structures: ['free', 'antipodal'] },
});
const plan = planNetwork(shape, design);
const last = plan.steps.length - 1;
const steps = plan.steps.map(({ step }) => mapOf(step));
const logits = steps[last];
const size = shape.input.height * shape.input.width * shape.input.channels;
const images = [1, 2, 3].map((seed) => randomImages(shape, 1, seed));

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
    const { huge: _, ...parameters } = design;
    const device = accelerator(openLink(transport, 5000));
    expect(await device.describe()).toEqual({ protocol: 2, ...parameters });
  });

  it('gives the logits of images, in the cycles and over the bytes that the models say', async () => {
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
    await device.loadNetwork(new Uint16Array(networkImage(model, plan, design).buffer));
    for (const image of images) {
      bytes = 0;
      expect(image).toHaveLength(size);
      const { logits, cycles } = await infer(device, steps, image);
      expect(cycles).toBe(networkCycles(plan, design));
      expect(logits).toEqual(referenceLogits(model, image));
      expect(bytes).toBe(linkBytes(shape));
    }
  });

  it('answers a run that is asked for again without running again', async () => {
    const device = accelerator(openLink(transport, 5000));
    await device.loadImage(imageWords(images[0]));
    const run = frame(3, last);
    const [first] = await exchange(run);
    expect(first).toMatchObject({ sequence: 17, code: 0x83 });
    expect(await exchange(run)).toEqual([first]);
    const again = accelerator(openLink(transport, 5000));
    const words = await again.readMap(mapAddress(last), mapWords(logits));
    expect(mapValues(logits, words)).toEqual(referenceLogits(model, images[0]));
  });

  it('refuses a frame with any byte damaged, and nothing of it happens', async () => {
    const before = await exchange(frame(4, 0, 8));
    const write = frame(2, 1, 0, 7, 7, 7, 7, 7, 7);
    for (const place of [1, 2, 4, 9, write.length - 1]) {
      const damaged = Uint8Array.from(write);
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
    expect(await exchange(frame(4, 0, 256))).toEqual(refusal(3));
  });

  it('passes over noise before a frame and recovers from one that breaks off', async () => {
    expect(await exchange(Uint8Array.from([0, 0xff, 0x80, ...frame(0x55)]))).toEqual(refusal(2));
    expect(await exchange(frame(1).subarray(0, 4), 300)).toEqual([]);
    const [answer] = await exchange(frame(1));
    expect(answer).toMatchObject({ sequence: 17, code: 0x81 });
  });
});
