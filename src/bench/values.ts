import { canBuild } from '../runtime/native/native.js';
import {
  fastestValueKernel,
  supportsValues,
  type ValueKind,
  valueKinds,
} from '../runtime/value-conv.js';
import { type Build, compileNative, wasmBuild } from '../speed/builds.js';
import { inFreshFolder } from './cli.js';
import type { Figure, Suite } from './figure.js';
import { type Contender, type KernelTimes, kernelTimes } from './kernel-times.js';
import { resnet18Layers } from './resnet18.js';

const repeats = 12;
const statistic = `medians of ${repeats} interleaved rounds or more, one thread`;

/** What is timed, and the speed-up over the first one that is aimed at. */
const contenders: readonly (Contender<ValueKind> & { readonly goal: number | null })[] = (
  [
    { name: 'one-bit', tau: 9, structure: 'free', goal: null },
    { name: 'tau4', tau: 4, structure: 'free', goal: 1.6 },
    { name: 'tau5', tau: 5, structure: 'free', goal: 1.3 },
    { name: 'tau5-antipodal', tau: 5, structure: 'antipodal', goal: 1.4 },
    { name: 'tau6-antipodal', tau: 6, structure: 'antipodal', goal: 1.1 },
  ] as const
).map((subset) => ({
  ...subset,
  kinds: valueKinds.filter((kind) => supportsValues(kind, subset)),
}));

/** Milliseconds of all sixteen layers by the kernels that the runtime chooses. */
function chosenSum(
  times: KernelTimes<ValueKind>,
  contender: Contender<ValueKind>,
  { vector }: Build,
): number {
  return resnet18Layers.reduce((sum, { conv }, i) => {
    const kind = fastestValueKernel(contender, conv, vector);
    return sum + times(contender, kind)[i];
  }, 0);
}

async function figuresOf(build: Build): Promise<Figure[]> {
  const times = await kernelTimes(build, contenders, repeats);
  const sums = contenders.map((contender) => chosenSum(times, contender, build));
  const id = (name: string) => `values.${build.name}.${name}`;
  const timed = contenders.map(
    ({ name }, i): Figure => ({
      ...{ id: id(name), value: sums[i], unit: 'ms, 16 layers', goal: null },
      ...{ better: 'lower', kind: 'measured', baseline: statistic },
    }),
  );
  const speedups = contenders.slice(1).map(
    ({ name, goal }, i): Figure => ({
      ...{ id: id(`${name}-speedup`), value: sums[0] / sums[i + 1], unit: 'x', goal },
      ...{ better: 'higher', kind: 'measured', baseline: '1 bit on int16 activations' },
    }),
  );
  return [...timed, ...speedups];
}

/** Binary weights on int16 activations, sub-bit against 1 bit, one thread. */
export const values: Suite = async (note) => {
  note("ResNet-18's sixteen binary layers on int16 activations, in WebAssembly");
  const figures = await figuresOf(wasmBuild);
  if (!canBuild('avx2')) return figures;
  note('the same compiled by cc for AVX2');
  return inFreshFolder(async (folder) => {
    const build = await compileNative('avx2', folder);
    return [...figures, ...(await figuresOf(build))];
  });
};
