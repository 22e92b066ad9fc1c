import { birealNetwork, type ConvShape } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import { type KernelKind, oneBitKinds, type VectorBytes } from '../runtime/binary-conv.js';
import { compileConvolution } from '../runtime/compile-convolution.js';
import { eligibleKernels, fastestKernel } from '../runtime/kernel-choice.js';
import { loadProgram, operate } from '../runtime/machine.js';
import { buildNative, canBuild, type NativeBuild, timeNative } from '../runtime/native/native.js';
import type { Program } from '../runtime/program.js';
import { membersOf, type SubsetStructure, sampleSubset } from '../subbit/subset.js';
import { stream } from '../util/random.js';
import { inFreshFolder } from './cli.js';
import { type Figure, fastest, type Suite } from './figure.js';
import { seed } from './synthetic.js';

const rounds = 30;

/** Rounds of the whole comparison, and of an operation in each, where every measurement is a process. */
const nativePasses = 4;
const nativeRounds = 12;

/** ResNet-18 at 224x224, with its sixteen binary 3x3 layers. */
export const resnet18 = birealNetwork(
  { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
  { height: 224, width: 224, channels: 3 },
  1000,
);
const { blocks } = resnet18;
const shapes = new Set(blocks.map(({ conv }) => JSON.stringify(conv)));
/** The layers by shape. */
const layers = [...shapes].map((shape) => {
  const alike = blocks.filter(({ conv }) => JSON.stringify(conv) === shape);
  return { conv: alike[0].conv, count: alike.length };
});

/** What is timed against 1 bit. */
const subsets = [
  { name: 'tau4', tau: 4, structure: 'free' },
  { name: 'tau5', tau: 5, structure: 'free' },
  { name: 'tau5-antipodal', tau: 5, structure: 'antipodal' },
  { name: 'tau6-antipodal', tau: 6, structure: 'antipodal' },
] as const;

/** Speed-ups that are aimed at. */
type Goals = Readonly<Record<(typeof subsets)[number]['name'] | 'over-popcount', number>>;

const goals = {
  wasm: {
    tau4: 2,
    tau5: 1.5,
    'tau5-antipodal': 2,
    'tau6-antipodal': 1.4,
    'over-popcount': 3,
  },
  avx2: {
    tau4: 2.2,
    tau5: 1.3,
    'tau5-antipodal': 1.8,
    'tau6-antipodal': 1.2,
    'over-popcount': 3.13,
  },
} as const satisfies Record<string, Goals>;

/** A convolution of random kernels. */
export function randomConv(
  tau: number,
  structure: SubsetStructure,
  { input, output }: ConvShape,
): PackedBinaryConv {
  const random = stream(seed, 'bench kernels', tau, structure);
  return {
    tau,
    structure,
    members: membersOf(sampleSubset(tau, structure, random)),
    indices: Uint16Array.from({ length: input.channels * output.channels }, () =>
      random.below(2 ** tau),
    ),
  };
}

/** The convolution by one kernel, and random activations for it. */
function programOf(
  conv: PackedBinaryConv,
  shape: ConvShape,
  kernel: KernelKind,
  vector: VectorBytes,
): { program: Program; image: Uint8Array } {
  const { channels } = shape.input;
  const random = stream(seed, 'bench activations', channels);
  const options = { vector, kernel, padding: 'minus-one' } as const;
  const program = compileConvolution(conv, new Int16Array(channels), shape, options);
  const image = Uint8Array.from({ length: program.image.bytes }, () => random.below(256));
  return { program, image };
}

/** A subset, and the kernels that may compute it. */
interface Contender {
  readonly name: string;
  readonly tau: number;
  readonly structure: SubsetStructure;
  readonly kinds: readonly KernelKind[];
}

const contenders: readonly Contender[] = [
  { name: 'one-bit', tau: 9, structure: 'free', kinds: oneBitKinds },
  ...subsets.map((subset) => ({ ...subset, kinds: eligibleKernels(subset) })),
];

/** Milliseconds of one contender's layers of each shape by one kernel: [shape]. */
type Times = (name: string, kind: KernelKind) => number[];

const key = (name: string, kind: KernelKind, i: number) => `${name} ${kind} ${i}`;

/** Every contender by every kernel on every shape; `prepare` makes what is timed. */
function rivalsOf<Rival>(
  vector: VectorBytes,
  prepare: (program: Program, image: Uint8Array) => Rival,
): [string, Rival][] {
  return layers.flatMap(({ conv: shape }, i) =>
    contenders.flatMap(({ name, tau, structure, kinds }) => {
      const conv = randomConv(tau, structure, shape);
      return kinds.map((kind): [string, Rival] => {
        const { program, image } = programOf(conv, shape, kind, vector);
        return [key(name, kind, i), prepare(program, image)];
      });
    }),
  );
}

/** In WebAssembly: the convolution alone, its input encoded. */
async function wasmTimes(): Promise<Times> {
  const rivals = rivalsOf(16, (program, image) => {
    const operator = operate(loadProgram(program, 1), 0);
    operator.run(image);
    return () => operator.step(program.operations.length - 1);
  });
  const times = await fastest<string>(Object.fromEntries(rivals), rounds);
  return (name, kind) => layers.map(({ count }, i) => count * times[key(name, kind, i)]);
}

/** Compiled by `cc` for AVX2. */
function nativeTimes(build: NativeBuild): Times {
  const rivals = rivalsOf(build.vector, (program, image) => ({ program, image }));
  const least = new Map<string, number>();
  for (let pass = 0; pass < nativePasses; pass++) {
    for (const [name, { program, image }] of rivals) {
      const time = timeNative(build, program, image, nativeRounds).at(-1) ?? 0;
      least.set(name, Math.min(time, least.get(name) ?? time));
    }
  }
  return (name, kind) =>
    layers.map(({ count }, i) => count * (least.get(key(name, kind, i)) ?? Number.NaN));
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Sum over the shapes of the least time that any of the kernels takes. */
function leastSum(times: readonly (readonly number[])[]): number {
  return sum(layers.map((_, i) => Math.min(...times.map((each) => each[i]))));
}

/** Figures of one build of the kernels: times at 1 bit, and what is below it against the best of them. */
function figuresOf(build: string, vector: VectorBytes, times: Times, aims: Goals): Figure[] {
  const best = leastSum(oneBitKinds.map((kind) => times('one-bit', kind)));
  const time = { unit: 'ms, 16 layers', kind: 'measured', better: 'lower', goal: null } as const;
  const ratio = { unit: 'x', kind: 'measured', better: 'higher' } as const;
  const figures: Figure[] = oneBitKinds.map((kind) => ({
    id: `kernels.${build}.one-bit-${kind}`,
    value: sum(times('one-bit', kind)),
    baseline: null,
    ...time,
  }));
  const losses: number[] = [];
  for (const { name, tau, structure } of subsets) {
    const kinds = contenders.find((contender) => contender.name === name)?.kinds ?? [];
    const chosen = sum(
      layers.map(({ conv }, i) => times(name, fastestKernel({ tau, structure }, conv, vector))[i]),
    );
    losses.push(chosen / leastSum(kinds.map((kind) => times(name, kind))) - 1);
    figures.push(
      { id: `kernels.${build}.${name}`, value: chosen, baseline: null, ...time },
      {
        id: `kernels.${build}.${name}-speedup`,
        value: best / chosen,
        goal: aims[name],
        baseline: 'the fastest 1-bit kernel for each of the layers',
        ...ratio,
      },
    );
    if (name === 'tau4') {
      figures.push({
        id: `kernels.${build}.tau4-over-popcount`,
        value: sum(times('one-bit', 'popcount')) / chosen,
        goal: aims['over-popcount'],
        baseline: 'SIMD popcount at 1 bit',
        ...ratio,
      });
    }
  }
  figures.push({
    id: `kernels.${build}.choice`,
    value: 100 * Math.max(...losses),
    unit: '% slower than the fastest kernels',
    goal: 10,
    better: 'lower',
    kind: 'measured',
    baseline: 'the kernels that the runtime chooses, worst of the subsets above',
  });
  return figures;
}

/** Binary convolutions of the CPU runtime, sub-bit against 1 bit, one thread. */
export const kernels: Suite = async (note) => {
  note("ResNet-18's sixteen binary layers at 1 bit and below, by every kernel, in WebAssembly");
  const figures = figuresOf('wasm', 16, await wasmTimes(), goals.wasm);
  if (!canBuild('avx2')) return figures;
  note('the same compiled by cc for AVX2');
  return inFreshFolder(async (folder) => {
    const build = buildNative('avx2', folder);
    return [...figures, ...figuresOf('avx2', build.vector, nativeTimes(build), goals.avx2)];
  });
};
