import { parentPort, workerData } from 'node:worker_threads';
import { scaledImages } from '../data/prepare.js';
import type { Batch } from '../data/source.js';
import { layoutOf } from '../nn/layout.js';
import type { Lesson } from '../nn/loss.js';
import { opsOf } from '../nn/ops.js';
import {
  fixedInference,
  gradientStep,
  inferenceStep,
  type Program,
  statisticsStep,
} from '../nn/step.js';
import { startBackend } from './backends.js';
import type { Reply, Request, TeacherSetup, WorkerSetup } from './protocol.js';

const setup = workerData as WorkerSetup;
const { shape, activations, scaling, labelSmoothing } = setup;
const ops = opsOf((await startBackend(setup.backend)).kernels);
const program: Program = { shape, layout: layoutOf(shape), activations, ops, labelSmoothing };
const teach = setup.teacher && startTeacher(setup.teacher);
const parameters = new Float32Array(setup.parameters);
const statistics = new Float32Array(setup.statistics);
const gradients = new Float32Array(setup.gradients);
const batchStatistics = new Float32Array(setup.batchStatistics);

/**
 * What a teacher makes of a batch: of the very images that the student sees, scaled as it is used to;
 * `images` are scaled for the student.
 */
function startTeacher(teacher: TeacherSetup) {
  const { shape, activations, weight, temperature } = teacher;
  const scalesAlike = JSON.stringify(teacher.scaling) === JSON.stringify(scaling);
  const infer = fixedInference(
    { shape, layout: layoutOf(shape), activations, ops },
    new Float32Array(teacher.parameters),
    new Float32Array(teacher.statistics),
  );
  return async (batch: Batch, images: Float32Array): Promise<Lesson> => ({
    logits: await infer(scalesAlike ? images : scaledImages(batch, teacher.scaling)),
    weight,
    temperature,
  });
}

async function answer({ type, batch }: Request): Promise<Reply> {
  const images = scaledImages(batch, scaling);
  switch (type) {
    case 'gradients': {
      const found = await gradientStep(
        program,
        parameters,
        images,
        Int32Array.from(batch.labels),
        gradients,
        batchStatistics,
        teach && (await teach(batch, images)),
      );
      return { type: 'gradients', ...found };
    }
    case 'statistics': {
      await statisticsStep(program, parameters, images, batchStatistics);
      return { type: 'statistics' };
    }
    case 'logits': {
      const logits = await inferenceStep(program, parameters, statistics, images);
      return { type: 'logits', logits };
    }
  }
}

const port = parentPort;
if (!port) throw new Error('engine/worker runs as a worker thread');
port.on('message', async (request: Request) => port.postMessage(await answer(request)));
