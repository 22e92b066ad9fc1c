import type { PackedModel } from '../model/packed.js';
import { type CompileOptions, compile } from '../runtime/compile.js';
import { chosenKernel, oneBitKernels } from '../runtime/kernel-choice.js';
import type { Program } from '../runtime/program.js';
import { type Rounds, type Spread, spreadOf } from '../util/timing.js';
import { type Build, operationTimes } from './builds.js';
import { isBinary, partTimes, type TimedProgram, timedProgram, timeOf } from './parts.js';
import { type BuildSpeed, baselines, type LayerSpeed, measurement, speedup } from './report.js';

/** A network beside the same at 1 bit. */
export interface Pair {
  readonly network: PackedModel;
  readonly twin: PackedModel;
}

/** By each build: its layers and parts, and one image through all operations. */
export interface BuildTimes extends BuildSpeed {
  readonly image: { readonly network: Spread; readonly twin: Spread };
}

/** The network and its twin by the kernels that the runtime chooses, and the twin by each single one. */
function programsOf({ network, twin }: Pair, { vector }: Build): Readonly<Record<string, Program>> {
  const by = (model: PackedModel, kernel: CompileOptions['kernel']) =>
    compile(model, { vector, kernel });
  const kinds = new Set(twin.blocks.flatMap(oneBitKernels));
  const single = [...kinds].map((kind) => [kind, by(twin, kind)]);
  return { network: by(network, null), twin: by(twin, null), ...Object.fromEntries(single) };
}

function layerSpeed(
  { network, twin }: Pair,
  layer: number,
  { vector }: Build,
  timed: Readonly<Record<string, TimedProgram>>,
  total: number,
): LayerSpeed {
  const { name, conv } = network.shape.blocks[layer];
  const own = network.blocks[layer];
  const other = twin.blocks[layer];
  const timeBy = (rival: string) =>
    timeOf(timed[rival], (operation) => operation.part === name && isBinary(operation));
  const time = timeBy('network');
  const ofTwin = timeBy('twin');
  const best = oneBitKernels(other)
    .map((kernel) => ({ kernel, time: timeBy(kernel) }))
    .reduce((least, each) => (each.time.median < least.time.median ? each : least));
  return {
    name,
    input: conv.input,
    output: conv.output,
    tau: own.conv.tau,
    structure: own.conv.structure,
    kernel: chosenKernel(own, conv, vector),
    time: measurement(time, 'us'),
    share: time.median / total,
    twin: { kernel: chosenKernel(other, conv, vector), time: measurement(ofTwin, 'us') },
    best: { kernel: best.kernel, time: measurement(best.time, 'us') },
    speedups: {
      twin: speedup(ofTwin, time, baselines.twin),
      best: speedup(best.time, time, baselines.best),
    },
  };
}

/** Times the layers and parts of a network and its twin on one thread, in the same rounds. */
export async function buildTimes(
  build: Build,
  pair: Pair,
  image: (program: Program) => Uint8Array,
  rounds: Rounds,
): Promise<BuildTimes> {
  const programs = programsOf(pair, build);
  const runs = await operationTimes(build, programs, image, rounds);
  const timed = Object.fromEntries(
    Object.entries(programs).map(([rival, program]) => [rival, timedProgram(program, runs[rival])]),
  );
  const { median: total } = timeOf(timed.network, () => true);
  const ofTwin = partTimes(timed.twin);
  const whole = (rival: keyof Pair) =>
    spreadOf(runs[rival].map((times) => times.reduce((sum, time) => sum + time, 0)));
  return {
    build: build.name,
    layers: pair.network.shape.blocks.map((_, i) => layerSpeed(pair, i, build, timed, total)),
    parts: partTimes(timed.network).map(({ part, time }, i) => ({
      part,
      time: measurement(time, 'ms'),
      share: time.median / total,
      twin: measurement(ofTwin[i].time, 'ms'),
    })),
    image: { network: whole('network'), twin: whole('twin') },
  };
}
