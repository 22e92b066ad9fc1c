import { availableParallelism } from 'node:os';
import { probeEngine } from '../engine/registry.js';
import { startWasmBackend } from '../engine/wasm-backend.js';
import { wasmKernels } from '../engine/wasm-kernels.js';
import { birealNetwork, type NetworkShape } from '../model/network.js';
import { composed } from '../nn/composed.js';
import { layoutOf } from '../nn/layout.js';
import { opsOf } from '../nn/ops.js';
import { quantizeInto } from '../nn/state.js';
import { gradientStep, type Program } from '../nn/step.js';
import { trainEpoch } from '../nn/train.js';
import type { EngineName } from '../spec/types.js';
import { interleaved } from '../util/timing.js';
import type { Figure, Suite } from './figure.js';
import { shape } from './six-block.js';
import { syntheticImages, trainerOf, untrained } from './synthetic.js';

const batch = 128;
const tau = 5;

/** A network in training, and its place in the bench: behind `train.<engine>`. */
interface Workload {
  readonly infix: string;
  readonly name: string;
  readonly shape: NetworkShape;
  /** Of an epoch; one is timed, behind one that warms up. */
  readonly steps: number;
  /** Images per second, by engine. */
  readonly goals: Partial<Readonly<Record<EngineName, number>>>;
}

const sixBlock: Workload = {
  infix: '',
  name: 'the six-block network',
  shape,
  steps: 40,
  goals: { wasm: 800, tensorflow: 1500 },
};

const resnet18: Workload = {
  infix: '.resnet18-32',
  name: 'ResNet-18 at 32x32',
  shape: birealNetwork(
    { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 32, width: 32, channels: 3 },
    10,
  ),
  steps: 2,
  goals: {},
};

/** Whole training steps, threads and all: images per second. */
export async function trainingSpeed(
  threads: number,
  name: EngineName = 'wasm',
  { shape, steps }: Workload = sixBlock,
): Promise<number> {
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

/** Milliseconds that quantising all latents takes: once a step. */
async function quantiserTime({ shape }: Workload): Promise<number> {
  const layout = layoutOf(shape);
  const state = untrained(shape, tau);
  const parameters = new Float32Array(layout.size);
  const quantise = () => quantizeInto(layout, state, parameters);
  return (await interleaved({ quantise }, { repeats: 9 })).quantise.median;
}

/** How much faster one thread's gradients are by the wasm engine's kernels. */
async function kernelSpeedup(): Promise<number> {
  const backend = await startWasmBackend();
  const layout = layoutOf(shape);
  const { pixels, labels } = syntheticImages(shape, batch / 2);
  const images = Float32Array.from(pixels, (pixel) => (pixel - 128) / 74);
  const classes = Int32Array.from(labels);
  const gradients = new Float32Array(layout.size);
  const statistics = new Float32Array(layout.statisticsSize);
  const parameters = new Float32Array(layout.size);
  quantizeInto(layout, untrained(shape, tau), parameters);
  const step = (program: Program) => () =>
    gradientStep(program, parameters, images, classes, gradients, statistics);
  const program = { shape, layout, activations: 'binary' } as const;
  const times = await interleaved(
    {
      fused: step({ ...program, ops: opsOf(wasmKernels(backend)) }),
      composed: step({ ...program, ops: opsOf(composed) }),
    },
    { repeats: 9 },
  );
  return times.composed.median / times.fused.median;
}

/** A network's speed on one engine, and the share of a step that the quantiser takes. */
async function workloadFigures(
  workload: Workload,
  engine: EngineName,
  threads: number,
): Promise<readonly Figure[]> {
  const { infix, goals } = workload;
  const speed = await trainingSpeed(threads, engine, workload);
  const quantiser = await quantiserTime(workload);
  return [
    {
      id: `train.${engine}${infix}.images-per-second`,
      value: speed,
      unit: 'images/s',
      goal: goals[engine] ?? null,
      better: 'higher',
      kind: 'measured',
      baseline: `${threads} threads`,
    },
    {
      id: `train.${engine}${infix}.quantiser-share`,
      value: (100 * quantiser) / ((1000 * batch) / speed),
      unit: '% of a step',
      goal: 5,
      better: 'lower',
      kind: 'measured',
      baseline: `a whole step on ${threads} threads`,
    },
  ];
}

/** Speed of the training engines that are there on two networks, batch 128, tau 5. */
export const train: Suite = async (note) => {
  const threads = availableParallelism();
  const probe = await probeEngine('tensorflow');
  if (!probe.found) note(`engine tensorflow left out: ${probe.why}`);
  const engines: readonly EngineName[] = probe.found ? ['wasm', 'tensorflow'] : ['wasm'];
  const figures: Figure[] = [];
  for (const engine of engines) {
    for (const workload of [sixBlock, resnet18]) {
      note(`engine ${engine}, ${threads} threads: ${workload.name}`);
      figures.push(...(await workloadFigures(workload, engine, threads)));
    }
  }
  note("one thread: the wasm engine's kernels against composed operations");
  return [
    ...figures,
    {
      id: 'train.wasm.fused-speedup',
      value: await kernelSpeedup(),
      unit: 'x',
      goal: null,
      better: 'higher',
      kind: 'measured',
      baseline: 'the same step by composed TensorFlow.js operations, one thread',
    },
  ];
};
