import { parentPort, workerData } from 'node:worker_threads';
import { scaledImages } from '../data/prepare.js';
import { layoutOf } from '../nn/layout.js';
import { opsOf } from '../nn/ops.js';
import { gradientStep, inferenceStep, type Program, statisticsStep } from '../nn/step.js';
import { startBackend } from './backends.js';
import type { Reply, Request, WorkerSetup } from './protocol.js';

const setup = workerData as WorkerSetup;
const { shape, activations, scaling, labelSmoothing } = setup;
const ops = opsOf((await startBackend(setup.backend)).kernels);
const program: Program = { shape, layout: layoutOf(shape), activations, ops, labelSmoothing };
const images = { shape: setup.images.shape, pixels: new Uint8Array(setup.images.pixels) };
const labels = new Uint8Array(setup.images.labels);
const parameters = new Float32Array(setup.parameters);
const statistics = new Float32Array(setup.statistics);
const gradients = new Float32Array(setup.gradients);
const batchStatistics = new Float32Array(setup.batchStatistics);

async function answer(request: Request): Promise<Reply> {
  switch (request.type) {
    case 'gradients': {
      const batch = scaledImages(images, scaling, request.images, request.moment);
      const batchLabels = Int32Array.from(request.images, (image) => labels[image]);
      const found = await gradientStep(
        program,
        parameters,
        batch,
        batchLabels,
        gradients,
        batchStatistics,
      );
      return { type: 'gradients', ...found };
    }
    case 'statistics': {
      const batch = scaledImages(images, scaling, request.images, null);
      await statisticsStep(program, parameters, batch, batchStatistics);
      return { type: 'statistics' };
    }
    case 'logits': {
      const batch = scaledImages(images, scaling, request.images, null);
      const logits = await inferenceStep(program, parameters, statistics, batch);
      return { type: 'logits', logits };
    }
  }
}

const port = parentPort;
if (!port) throw new Error('engine/worker runs as a worker thread');
port.on('message', async (request: Request) => port.postMessage(await answer(request)));
