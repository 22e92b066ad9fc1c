import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MapShape } from '../model/network.js';
import { withRandomKernels } from '../model/random.js';
import type { NativeTarget } from '../runtime/native/native.js';
import type { Program } from '../runtime/program.js';
import { Failure } from '../util/failure.js';
import { examineMachine } from '../util/machine.js';
import { type Build, compileNative, nativeTarget, wasmBuild } from './builds.js';
import { randomPixels } from './images.js';
import { type BuildTimes, buildTimes, type Pair } from './layers.js';
import { networkSpeeds } from './network.js';
import { baselines, measurement, type NetworkSpeed, type SpeedReport, speedup } from './report.js';
import type { Subject } from './subject.js';

export interface SpeedOptions {
  /** Times that everything is measured, 1 or more. */
  readonly repeats: number;
  /** What "all threads" are, 1 or more. */
  readonly threads: number;
  /** Images of a batch for each thread; null: more of them the smaller they are. */
  readonly batch: number | null;
  /** Whether to compile the kernels with cc, too; null: where it is there. */
  readonly native: boolean | null;
  /** Of the twin's kernels and of the images. */
  readonly seed: number;
  /** Tells a waiting person what is going on. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Pixels that a thread's share of a batch has about, and how many images that may be. */
const batchPixels = 2 ** 19;
const batchBounds = { least: 8, most: 256 };

function usualBatch({ height, width }: MapShape): number {
  const images = Math.ceil(batchPixels / (height * width));
  return Math.min(batchBounds.most, Math.max(batchBounds.least, images));
}

/** What the native build found for the whole network, which runs on one thread, image after image. */
function nativeSpeed({ build, image }: BuildTimes): NetworkSpeed {
  return {
    ...{ build, measure: 'latency', threads: 1, batch: 1 },
    network: measurement(image.network, 'ms'),
    twin: measurement(image.twin, 'ms'),
    speedup: speedup(image.twin, image.network, baselines.twin),
  };
}

/** What to build natively; null: nothing. */
function wantedTarget(native: boolean | null): NativeTarget | null {
  if (native === false) return null;
  const target = nativeTarget();
  if (target !== null || native === null) return target;
  throw new Failure('tool', 'there is no C compiler to build the kernels with', [
    'apt install gcc',
    'or leave the native build out: --no-native',
  ]);
}

async function nativeTimes(
  target: NativeTarget,
  time: (build: Build) => Promise<BuildTimes>,
  { note, signal }: SpeedOptions,
): Promise<BuildTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'snn-native-'));
  try {
    note(`compiling the kernels for ${target} with cc`);
    const build = await compileNative(target, folder, signal);
    note(`layers on one thread, ${target}`);
    return await time(build);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Times a packed network on this machine's CPU beside its 1-bit twin: every binary layer and part on one
 * thread, by the WebAssembly build and a native one, and the whole network on one thread and on all.
 *
 * @throws Failure of kind `tool` where a native build is asked for and cannot be made
 */
export async function measureSpeed(
  { name, source, weights, model }: Subject,
  options: SpeedOptions,
): Promise<SpeedReport> {
  const { repeats, seed, note, signal } = options;
  const { input } = model.shape;
  const target = wantedTarget(options.native);
  const twin = withRandomKernels(model, { tau: 9, structure: 'free' }, seed);
  const pair: Pair = { network: model, twin };
  const image = (program: Program) => randomPixels(program.image.bytes, seed);
  const time = (build: Build) => buildTimes(build, pair, image, { repeats, signal });

  note('layers on one thread, WebAssembly');
  const wasm = await time(wasmBuild);
  const native = target === null ? [] : [await nativeTimes(target, time, options)];
  const threads = [...new Set([1, options.threads])];
  note(`the whole network on ${threads.join(' and on ')} threads, WebAssembly`);
  const batch = options.batch ?? usualBatch(input);
  const network = await networkSpeeds(pair, { repeats, signal, seed, threads, batch });
  return {
    ...{ name, source, weights, image: input },
    machine: examineMachine(),
    statistic: `median of ${repeats} repeats or more, network and twin in turn; layers and parts: the sum of their operations' medians`,
    builds: [wasm, ...native].map(({ build, layers, parts }) => ({ build, layers, parts })),
    network: [...network, ...native.map(nativeSpeed)],
  };
}
