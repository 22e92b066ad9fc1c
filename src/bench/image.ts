import { encodeOnnx } from '../model/onnx/graph.js';
import { realNetworkGraph } from '../model/onnx/network.js';
import type { PackedModel } from '../model/packed.js';
import { compile } from '../runtime/compile.js';
import { canBuild } from '../runtime/native/native.js';
import type { Program } from '../runtime/program.js';
import { type Build, compileNative, type OperationTimes, wasmBuild } from '../speed/builds.js';
import { randomPixels } from '../speed/images.js';
import { partTimes, timedProgram } from '../speed/parts.js';
import { inRounds, spreadOf, stopwatch } from '../util/timing.js';
import { inFreshFolder } from './cli.js';
import type { Figure } from './figure.js';
import { randomRealNetwork } from './float-network.js';
import { installOnnxRuntime, startFloatNetwork } from './onnxruntime.js';
import { seed } from './synthetic.js';

const repeats = 30;
const goals = { wasm: 15, avx2: 6 } as const;

/** One of ours: a build, its program, and what each run of it took. */
interface Ours {
  readonly build: Build;
  readonly program: Program;
}

/** Milliseconds of whole images. */
function wholeOf(runs: OperationTimes): number {
  return spreadOf(runs.map((times) => times.reduce((sum, time) => sum + time, 0))).median;
}

/** Milliseconds of each part of an image's way through a network, and of all of it. */
function partFigures({ build, program }: Ours, runs: OperationTimes): Figure[] {
  const parts = partTimes(timedProgram(program, runs));
  const figure = (part: string, value: number, goal: number | null): Figure => ({
    id: `network.resnet18.${build.name}.${part}`,
    value,
    unit: 'ms',
    goal,
    better: 'lower',
    kind: 'measured',
    baseline: `tau 5, one thread, operations' medians over ${runs.length} images added up`,
  });
  return [
    figure(
      'image',
      parts.reduce((sum, { time }) => sum + time.median, 0),
      goals[build.name === 'avx2' ? 'avx2' : 'wasm'],
    ),
    ...parts.map(({ part, time }) => figure(part, time.median, null)),
  ];
}

/** A real-valued network of the model's shapes in float32: what an image takes, and how much faster ours is. */
function floatFigures(
  version: string,
  milliseconds: number,
  ours: readonly (readonly [string, number])[],
): Figure[] {
  const runtime = `ONNX Runtime ${version}`;
  return [
    {
      id: 'network.resnet18.float32.image',
      value: milliseconds,
      unit: 'ms',
      goal: null,
      better: 'lower',
      kind: 'measured',
      baseline: `${runtime}, real weights and ReLU, one thread, median of ${repeats} images`,
    },
    ...ours.map(
      ([build, time]): Figure => ({
        id: `network.resnet18.${build}.over-float32`,
        value: milliseconds / time,
        unit: 'x',
        goal: null,
        better: 'higher',
        kind: 'measured',
        baseline: `the same shapes in float32 by ${runtime}, in turn, one thread, medians of whole images`,
      }),
    ),
  ];
}

/** Times one image through a large network, by each of our builds and in float32, in the same rounds. */
async function timeImage(
  model: PackedModel,
  builds: readonly Build[],
  note: (text: string) => void,
): Promise<Figure[]> {
  const { height, width, channels } = model.shape.input;
  const ours = builds.map(
    (build): Ours => ({
      build,
      program: compile(model, { vector: build.vector, kernel: null }),
    }),
  );
  const image = randomPixels(height * width * channels, seed);
  const onnx = encodeOnnx(realNetworkGraph(randomRealNetwork(model.shape)), 'bench');
  const float = await startFloatNetwork(onnx, [channels, height, width], 1);
  if (float === null) note(`float32 left out without ONNX Runtime: ${installOnnxRuntime}`);
  const pixels = Float32Array.from(image);
  const rivals = ours.map(
    ({ build, program }) => [build.name, build.sampler(program, image)] as const,
  );
  const floatRival = float && (async () => [[await stopwatch(() => float.logits(pixels, 1))]]);
  const samples = await inRounds<string, OperationTimes>(
    { ...Object.fromEntries(rivals), ...(floatRival && { float32: floatRival }) },
    { repeats },
  );
  await float?.close();
  const runsOf = ({ build }: Ours) => samples[build.name].flat();
  const whole = ours.map((each) => [each.build.name, wholeOf(runsOf(each))] as const);
  return [
    ...ours.flatMap((each) => partFigures(each, runsOf(each))),
    ...(float ? floatFigures(float.version, wholeOf(samples.float32.flat()), whole) : []),
  ];
}

/** One image through a large packed network, part by part, on one thread; see {@link timeImage}. */
export function imageFigures(model: PackedModel, note: (text: string) => void): Promise<Figure[]> {
  return inFreshFolder(async (folder) => {
    const native = canBuild('avx2') ? [await compileNative('avx2', folder)] : [];
    return timeImage(model, [wasmBuild, ...native], note);
  });
}
