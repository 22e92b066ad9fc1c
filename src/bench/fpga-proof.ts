import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { designFor } from '../fpga/advice.js';
import { accelerator } from '../fpga/host/accelerator.js';
import { infer } from '../fpga/host/infer.js';
import { openLink } from '../fpga/host/link.js';
import { openSerial } from '../fpga/host/serial.js';
import { networkImage } from '../fpga/image.js';
import { buildAccelerator, mapOf, simulateNetwork } from '../fpga/simulate.js';
import { buildBoard, startBoard } from '../fpga/simulated-board.js';
import { decodeModel } from '../model/container/read.js';
import type { PackedModel } from '../model/packed.js';
import { referenceLogits } from '../model/reference.js';
import { packageFile } from '../util/paths.js';
import { inFreshFolder } from './cli.js';
import type { Figure, Suite } from './figure.js';

const modelFile = packageFile('examples/quickstart.snn');
const architecture = {
  family: 'bireal',
  stages: [2, 2, 2],
  width: 16,
  stem: { kernel: 3, stride: 2, pool: false },
} as const;

/** Test images through the engine alone, and through a whole board and its link. */
const images = { engine: 1000, link: 100 } as const;

async function testImages(count: number): Promise<Uint8Array[]> {
  const limit = { train: null, test: null };
  const source = await openSplit({ set: 'mnist', path: null, limit }, 'test');
  const { pixels } = await imagesOf(source, allOf(source).slice(0, count)).finally(() =>
    source.close(),
  );
  const size = pixels.length / count;
  return Array.from({ length: count }, (_, i) => pixels.subarray(i * size, (i + 1) * size));
}

/** The trained quickstart network on test images through the simulated accelerator, bit for bit. */
export const fpgaProof: Suite = (note) =>
  inFreshFolder(async (folder) => {
    const model: PackedModel = decodeModel(await readFile(modelFile), modelFile);
    const { input, classifier } = model.shape;
    const { design, plan } = designFor({
      ...{ architecture, image: input, classes: classifier.classes },
      ...{ tau: model.blocks[0].conv.tau, target: 'ice40-up5k' },
    });
    const pixels = await testImages(images.engine);
    const expected = pixels.map((image) => referenceLogits(model, image).join());
    const equal = (logits: readonly Int32Array[]) =>
      logits.filter((values, i) => values.join() === expected[i]).length;
    const { signal } = new AbortController();
    const context = { logs: join(folder, 'logs'), emit: () => {}, signal };

    note(`${images.engine} images through the engine`);
    const engine = await buildAccelerator(design, join(folder, 'engine'), context);
    const subject = { model, plan, design };
    const last = plan.steps.length - 1;
    const outcomes = await simulateNetwork(engine, subject, pixels, [last], signal);

    note(`${images.link} images through a board and its link`);
    const timing = { divider: 4, pauseBits: 16 };
    const board = await startBoard(
      await buildBoard(design, timing, join(folder, 'board'), context),
    );
    const transport = openSerial(board.port, 1_000_000);
    const answers: Int32Array[] = [];
    try {
      const device = accelerator(openLink(transport, 60_000));
      await device.loadNetwork(new Uint16Array(networkImage(model, plan, design).buffer));
      const steps = plan.steps.map(({ step }) => mapOf(step));
      for (const image of pixels.slice(0, images.link)) {
        answers.push((await infer(device, steps, image)).logits);
      }
    } finally {
      transport.close();
      await board.stop();
    }
    const figure = (id: string, value: number, goal: number): Figure => ({
      ...{ id, value, goal, unit: 'MNIST test images with the logits of the reference' },
      ...{ better: 'higher', kind: 'simulated', baseline: null },
    });
    return [
      figure('fpga-proof.engine', equal(outcomes.map(({ maps }) => maps[0].values)), images.engine),
      figure('fpga-proof.link', equal(answers), images.link),
    ];
  });
