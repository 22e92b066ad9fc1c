import { availableParallelism } from 'node:os';
import { probeEngine } from '../engine/registry.js';
import { startWasmBackend } from '../engine/wasm-backend.js';
import { wasmKernels } from '../engine/wasm-kernels.js';
import { composed } from '../nn/composed.js';
import { layoutOf } from '../nn/layout.js';
import { opsOf } from '../nn/ops.js';
import { quantizeInto } from '../nn/state.js';
import { gradientStep, type Program } from '../nn/step.js';
import { trainEpoch } from '../nn/train.js';
import type { EngineName } from '../spec/types.js';
import { type Figure, interleaved, type Suite } from './figure.js';
import { shape } from './six-block.js';
import { syntheticImages, trainerOf, untrained } from './synthetic.js';

const batch = 128;
const steps = 40;
const tau = 5;

const layout = layoutOf(shape);

/** Whole training steps of the six-block network, threads and all: images per second. */
export async function trainingSpeed(threads: number, name: EngineName = 'wasm'): Promise<number> {
  const images = syntheticImages(shape, batch * steps);
  const trainer = trainerOf(shape, images, { batch, threads, name });
  const unaborted = new AbortController().signal;
  const ignore = () => {};
  try {
    const warm = await trainEpoch(trainer, untrained(shape, tau), ignore, unaborted);
    const started = performance.now();
    await trainEpoch(trainer, warm, ignore, unaborted);
    return (batch * steps) / ((performance.now() - started) / 1000);
  } finally {
    await trainer.engine.close();
  }
}

/** One thread's gradients by fused kernels and by composed operations, and the quantiser beside. */
async function stepTimes() {
  const backend = await startWasmBackend();
  const { pixels, labels } = syntheticImages(shape, batch / 2);
  const images = Float32Array.from(pixels, (pixel) => (pixel - 128) / 74);
  const classes = Int32Array.from(labels);
  const gradients = new Float32Array(layout.size);
  const statistics = new Float32Array(layout.statisticsSize);
  const state = untrained(shape, tau);
  const parameters = new Float32Array(layout.size);
  const quantise = () => quantizeInto(layout, state, parameters);
  quantise();
  const step = (program: Program) => () =>
    gradientStep(program, parameters, images, classes, gradients, statistics);
  const program = { shape, layout, activations: 'binary' } as const;
  return interleaved(
    {
      fused: step({ ...program, ops: opsOf(wasmKernels(backend)) }),
      composed: step({ ...program, ops: opsOf(composed) }),
      quantise,
    },
    9,
  );
}

/** The same on libtensorflow, where it is installed. */
async function tensorflowFigures(
  threads: number,
  note: (text: string) => void,
): Promise<readonly Figure[]> {
  const probe = await probeEngine('tensorflow');
  if (!probe.found) {
    note(`engine tensorflow left out: ${probe.why}`);
    return [];
  }
  note(`training on engine tensorflow ${probe.version}, ${threads} threads`);
  return [
    {
      id: 'train.tensorflow.images-per-second',
      value: await trainingSpeed(threads, 'tensorflow'),
      unit: 'images/s',
      goal: 1500,
      better: 'higher',
      kind: 'measured',
      baseline: `${threads} threads`,
    },
  ];
}

/** Speed of the training engines on the six-block network, batch 128, tau 5. */
export const train: Suite = async (note) => {
  const threads = availableParallelism();
  note(`training ${batch * steps} images on ${threads} threads`);
  const speed = await trainingSpeed(threads);
  note('one thread: fused kernels against composed operations');
  const times = await stepTimes();
  const kind = 'measured';
  return [
    {
      id: 'train.wasm.images-per-second',
      value: speed,
      unit: 'images/s',
      goal: 800,
      better: 'higher',
      kind,
      baseline: `${threads} threads`,
    },
    ...(await tensorflowFigures(threads, note)),
    {
      id: 'train.wasm.fused-speedup',
      value: times.composed / times.fused,
      unit: 'x',
      goal: null,
      better: 'higher',
      kind,
      baseline: 'the same step by composed TensorFlow.js operations, one thread',
    },
    {
      id: 'train.quantiser-share',
      value: (100 * times.quantise) / ((1000 * batch) / speed),
      unit: '% of a step',
      goal: 5,
      better: 'lower',
      kind,
      baseline: `a whole step on ${threads} threads`,
    },
  ];
};
