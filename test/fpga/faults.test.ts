import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, readDeployment } from '../../src/fpga/device/deployment.js';
import { inferenceOn, loadNetwork } from '../../src/fpga/device/infer.js';
import { openSerialPort } from '../../src/fpga/device/serial-port.js';
import { accelerator } from '../../src/fpga/host/accelerator.js';
import { LinkError, openLink, type Transport } from '../../src/fpga/host/link.js';
import { buildBoard, type SimulatedBoard, startBoard } from '../../src/fpga/simulated-board.js';
import { layOut } from '../../src/model/network.js';
import { referenceLogits } from '../../src/model/reference.js';
import { Failure } from '../../src/util/failure.js';
import { type RandomStream, stream } from '../../src/util/random.js';
import { randomImages, randomModel } from '../model/networks.js';
import { writeDeployment } from './deployment.js';
import { buildTimeout, canSimulate, quiet, simulated, temporaryFolder } from './support.js';

const shape = layOut(
  { family: 'bireal', stages: [1, 1], width: 4, stem: { kernel: 3, stride: 1, pool: false } },
  { height: 9, width: 8, channels: 1 },
  3,
);
const model = randomModel({
  ...{ seed: 8, mood: 'packed', shape, taus: [4, 4], structures: ['free', 'free'] },
});
const images = [1, 2, 3, 4].map((seed) => randomImages(shape, 1, seed));

/** What happens to a frame on a line. */
const faults: Readonly<Record<string, (bytes: Uint8Array, random: RandomStream) => Uint8Array[]>> =
  {
    lost: () => [],
    repeated: (bytes) => [bytes, bytes],
    flipped: (bytes, random) => {
      const place = random.below(bytes.length);
      return [bytes.map((byte, i) => (i === place ? byte ^ (1 << random.below(8)) : byte))];
    },
    truncated: (bytes, random) => [bytes.subarray(0, random.below(bytes.length))],
  };

/** A line of which every sixth frame, either way, suffers one of the faults; counts them. */
function faulty(line: Transport, kinds: readonly string[], seed: number) {
  const random = stream(seed, 'faults');
  let count = 0;
  const suffer = (bytes: Uint8Array): Uint8Array[] => {
    if (bytes.length === 0 || random.below(6) > 0) return [bytes];
    count++;
    return faults[kinds[random.below(kinds.length)]](bytes, random);
  };
  return {
    faults: () => count,
    line: {
      ...line,
      write: (bytes: Uint8Array) => suffer(bytes).forEach(line.write),
      listen: (take: (bytes: Uint8Array) => void) => {
        // An answer comes in pieces; a silence ends it.
        let answer: number[] = [];
        let silence: NodeJS.Timeout;
        line.listen((bytes) => {
          answer.push(...bytes);
          clearTimeout(silence);
          silence = setTimeout(() => {
            suffer(Uint8Array.from(answer)).forEach(take);
            answer = [];
          }, 4);
        });
      },
    },
  };
}

describe.skipIf(!canSimulate)(`the link of a board ${simulated}`, () => {
  const folder = temporaryFolder();
  let deployment: Deployment;
  let board: SimulatedBoard;
  let port: Transport;

  beforeAll(async () => {
    await writeDeployment(join(folder, 'deployment'), model, images);
    deployment = await readDeployment(join(folder, 'deployment'));
    const { design } = deployment.bundle.design;
    const timing = { divider: 4, pauseBits: 12 };
    const program = await buildBoard(design, timing, join(folder, 'board'), quiet(folder));
    board = await startBoard(program);
    port = await openSerialPort(board.port, 1_000_000, (reason) => {
      throw reason;
    });
  }, buildTimeout);
  afterAll(async () => {
    port?.close();
    await board?.stop();
  });

  const deviceOn = (line: Transport, patience: number) => ({
    ...({ place: 'simulated', bytes: () => 0 } as const),
    accelerator: accelerator(openLink(line, patience)),
  });

  /** Loads the network and infers an image over a line: what came of it. */
  async function outcome(line: Transport, image: Uint8Array, patience: number) {
    const device = deviceOn(line, patience);
    try {
      await loadNetwork(device, deployment);
      const { logits } = await inferenceOn(device, deployment)(image);
      expect(logits).toEqual([...referenceLogits(model, image)]);
      return 'right';
    } catch (error) {
      if (error instanceof LinkError) return 'link';
      if (error instanceof Failure && error.message.includes('logits differ')) return 'differs';
      throw error;
    }
  }

  const drill = { numRuns: 3, interruptAfterTimeLimit: 20_000 };
  const [outcomes, counts] = [new Set<string>(), new Set<number>()];
  const cases = fc.record({ seed: fc.nat(), image: fc.nat(images.length - 1) });

  it.each([...Object.keys(faults), 'any'])(
    'with frames %s ends in the right logits or in words, never in a wrong answer',
    async (kind) => {
      const kinds = kind === 'any' ? Object.keys(faults) : [kind];
      await fc.assert(
        fc.asyncProperty(cases, async ({ seed, image }) => {
          const { line, faults } = faulty(port, kinds, seed);
          const end = await outcome(line, images[image], 300);
          outcomes.add(end);
          counts.add(faults());
          expect(['right', 'link']).toContain(end);
        }),
        drill,
      );
    },
  );

  it('did suffer, and got through all the same', () => {
    expect(Math.max(...counts)).toBeGreaterThan(0);
    expect([...outcomes]).toContain('right');
  });

  it('gives up in words where every frame is lost', async () => {
    const deaf = { ...port, write: () => {} };
    expect(await outcome(deaf, images[0], 20)).toBe('link');
  });

  it.each(['reset', 'power'] as const)(
    'gives right logits or words where a %s comes at any time, and is as new after a reset',
    async (how) => {
      const moments = fc.record({ image: fc.nat(images.length - 1), frame: fc.nat(5) });
      await fc.assert(
        fc.asyncProperty(moments, async ({ image, frame }) => {
          let frames = 0;
          const line: Transport = {
            ...port,
            write: (bytes) => {
              port.write(bytes);
              if (frames++ === frame) board.disturb(how);
            },
          };
          expect(['right', 'link', 'differs']).toContain(await outcome(line, images[image], 200));
          board.disturb('reset');
          expect(await outcome(port, images[image], 1000)).toBe('right');
        }),
        { ...drill, numRuns: 8 },
      );
    },
  );

  it('finds out that the network was lost with the power', async () => {
    const device = deviceOn(port, 1000);
    await loadNetwork(device, deployment);
    const infer = inferenceOn(device, deployment);
    await infer(images[0]);
    board.disturb('power');
    await expect(infer(images[0])).rejects.toThrow(/logits differ from the CPU runtime/);
  });
});
