import { fastestKernel } from '../runtime/kernel-choice.js';
import { canBuild } from '../runtime/native/native.js';
import { type Build, compileNative, wasmBuild } from '../speed/builds.js';
import { sum } from '../util/sum.js';
import { inFreshFolder } from './cli.js';
import { measureClock } from './clock.js';
import type { Figure, Suite } from './figure.js';
import { type Contender, type KernelTimes, kernelTimes, oneBit, subBit } from './kernel-times.js';
import {
  type KernelGoals,
  kernelGoals,
  macsPerCycle,
  prototypeClock,
  prototypeSpeed,
} from './prototypes.js';
import { resnet18Layers, resnet18Macs } from './resnet18.js';

const repeats = 30;
const contenders = [oneBit, ...subBit];
const statistic = `medians of ${repeats} interleaved rounds or more, one thread`;

/** Sum over the shapes of the least time that any of the contender's kernels takes. */
function leastSum(times: KernelTimes, contender: Contender): number {
  const each = contender.kinds.map((kind) => times(contender, kind));
  return sum(resnet18Layers.map((_, i) => Math.min(...each.map((shapes) => shapes[i]))));
}

/** Sum over the shapes of the time by the kernel that the runtime chooses. */
function chosenSum(times: KernelTimes, contender: Contender, { vector }: Build): number {
  const time = (i: number) => {
    const kind = fastestKernel(contender, resnet18Layers[i].conv, vector);
    return times(contender, kind)[i];
  };
  return sum(resnet18Layers.map((_, i) => time(i)));
}

/** Milliseconds of all sixteen layers, by what is timed. */
function totals(times: KernelTimes, build: Build): Readonly<Record<string, number>> {
  const single = oneBit.kinds.map((kind) => [`one-bit-${kind}`, sum(times(oneBit, kind))]);
  const chosen = subBit.map((contender) => [contender.name, chosenSum(times, contender, build)]);
  return Object.fromEntries([...single, ['one-bit', leastSum(times, oneBit)], ...chosen]);
}

/** How much the choice of kernels costs at most, %. */
function choiceLoss(times: KernelTimes, build: Build): number {
  const losses = subBit.map(
    (contender) => chosenSum(times, contender, build) / leastSum(times, contender) - 1,
  );
  return 100 * Math.max(...losses);
}

/** Figures of one build: times, speed-ups against the best 1-bit kernels, and work a cycle. */
function figuresOf(build: Build, times: KernelTimes, clock: number, goals: KernelGoals): Figure[] {
  const total = totals(times, build);
  const id = (name: string) => `kernels.${build.name}.${name}`;
  const ratio = { unit: 'x', kind: 'measured', better: 'higher' } as const;
  const timed = Object.entries(total).map(
    ([name, value]): Figure => ({
      id: id(name),
      value,
      unit: 'ms, 16 layers',
      goal: null,
      better: 'lower',
      kind: 'measured',
      baseline: name === 'one-bit' ? `the fastest kernel of each layer; ${statistic}` : statistic,
    }),
  );
  const speedups = subBit.map(
    ({ name }): Figure => ({
      id: id(`${name}-speedup`),
      value: total['one-bit'] / total[name],
      goal: goals.speedups[name] ?? null,
      baseline: 'the fastest 1-bit kernel for each of the layers',
      ...ratio,
    }),
  );
  const work = Object.entries(total).map(([name, milliseconds]): Figure => {
    const prototype = goals.prototypes[name];
    return {
      id: id(`${name}-per-cycle`),
      value: macsPerCycle(resnet18Macs, milliseconds, clock),
      unit: 'MAC/cycle',
      goal: prototype === undefined ? null : prototypeSpeed(prototype),
      better: 'higher',
      kind: 'measured',
      baseline:
        prototype === undefined
          ? null
          : `its prototype on Zen 3 at ${prototypeClock} GHz: ${prototype} ms for 16 full layers`,
    };
  });
  return [
    ...timed,
    ...speedups,
    {
      id: id('tau4-over-popcount'),
      value: total['one-bit-popcount'] / total.tau4,
      goal: goals.overPopcount,
      baseline: 'SIMD popcount at 1 bit',
      ...ratio,
    },
    ...work,
    {
      id: id('choice'),
      value: choiceLoss(times, build),
      unit: '% slower than the fastest kernels',
      goal: 10,
      better: 'lower',
      kind: 'measured',
      baseline: 'the kernels that the runtime chooses, worst of the subsets above',
    },
  ];
}

/** Binary convolutions of the CPU runtime, sub-bit against 1 bit, one thread. */
export const kernels: Suite = async (note) => {
  note("ResNet-18's sixteen binary layers at 1 bit and below, by every kernel, in WebAssembly");
  const clock = await measureClock();
  const wasm = figuresOf(
    wasmBuild,
    await kernelTimes(wasmBuild, contenders, repeats),
    clock,
    kernelGoals.wasm,
  );
  const figures: Figure[] = [
    {
      id: 'kernels.clock',
      value: clock,
      unit: 'GHz',
      goal: null,
      better: 'higher',
      kind: 'measured',
      baseline: 'a chain of operations of one cycle each',
    },
    ...wasm,
  ];
  if (!canBuild('avx2')) return figures;
  note('the same compiled by cc for AVX2');
  return inFreshFolder(async (folder) => {
    const build = await compileNative('avx2', folder);
    const times = await kernelTimes(build, contenders, repeats);
    return [...figures, ...figuresOf(build, times, await measureClock(), kernelGoals.avx2)];
  });
};
