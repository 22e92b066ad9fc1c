import { birealNetwork, type ConvShape } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import { type KernelKind, kernelKinds, oneBitKinds, supports } from '../runtime/binary-conv.js';
import { compileConvolution } from '../runtime/compile-convolution.js';
import { fastestKernel } from '../runtime/kernel-choice.js';
import { loadProgram, operate } from '../runtime/machine.js';
import { membersOf, type SubsetStructure, sampleSubset } from '../subbit/subset.js';
import { stream } from '../util/random.js';
import { type Figure, fastest, type Suite } from './figure.js';
import { seed } from './synthetic.js';

const rounds = 30;

/** ResNet-18 at 224x224: its sixteen binary 3x3 layers. */
const { blocks } = birealNetwork(
  { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
  { height: 224, width: 224, channels: 3 },
  1000,
);
const shapes = new Set(blocks.map(({ conv }) => JSON.stringify(conv)));
/** The layers by shape. */
const layers = [...shapes].map((shape) => {
  const alike = blocks.filter(({ conv }) => JSON.stringify(conv) === shape);
  return { conv: alike[0].conv, count: alike.length };
});

/** What is timed against 1 bit, with the ratio that is aimed at. */
const subsets = [
  { name: 'tau4', tau: 4, structure: 'free', goal: 2 },
  { name: 'tau5', tau: 5, structure: 'free', goal: 1.5 },
  { name: 'tau5-antipodal', tau: 5, structure: 'antipodal', goal: 2 },
  { name: 'tau6-antipodal', tau: 6, structure: 'antipodal', goal: 1.4 },
] as const;

const popcountGoal = 3;

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

/** The convolution by itself, its input encoded: a call computes all of its accumulators. */
function prepare(conv: PackedBinaryConv, shape: ConvShape, kernel: KernelKind): () => void {
  const { channels } = shape.input;
  const random = stream(seed, 'bench activations', channels);
  const options = { vector: 16, kernel, padding: 'minus-one' } as const;
  const program = compileConvolution(conv, new Int16Array(channels), shape, options);
  const operator = operate(loadProgram(program, 1), 0);
  operator.run(Uint8Array.from({ length: program.image.bytes }, () => random.below(256)));
  const last = program.operations.length - 1;
  return () => operator.step(last);
}

/** A subset, by the kernels that can compute it. */
interface Contender {
  readonly name: string;
  readonly tau: number;
  readonly structure: SubsetStructure;
  readonly kinds: readonly KernelKind[];
}

/** Milliseconds of each shape's layers by contender and kernel: [shape]. */
async function timesOf(contenders: readonly Contender[]) {
  const key = (name: string, kind: KernelKind, i: number) => `${name} ${kind} ${i}`;
  const rivals = layers.flatMap(({ conv: shape }, i) =>
    contenders.flatMap(({ name, tau, structure, kinds }) => {
      const conv = randomConv(tau, structure, shape);
      return kinds.map((kind) => [key(name, kind, i), prepare(conv, shape, kind)] as const);
    }),
  );
  const times = await fastest<string>(Object.fromEntries(rivals), rounds);
  return (name: string, kind: KernelKind) =>
    layers.map(({ count }, i) => count * times[key(name, kind, i)]);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Sum over the shapes of the least time that any of the kernels takes. */
function leastSum(times: readonly (readonly number[])[]): number {
  return sum(layers.map((_, i) => Math.min(...times.map((each) => each[i]))));
}

/** Binary convolutions of the CPU runtime, sub-bit against 1 bit, one thread. */
export const kernels: Suite = async (note) => {
  note("ResNet-18's sixteen binary layers at 1 bit and below, by every kernel");
  const oneBit = { name: 'one-bit', tau: 9, structure: 'free', kinds: oneBitKinds } as const;
  const contenders = subsets.map((subset) => ({
    ...subset,
    kinds: kernelKinds.filter((kind) => !oneBitKinds.includes(kind) && supports(kind, subset)),
  }));
  const times = await timesOf([oneBit, ...contenders]);
  const best = leastSum(oneBitKinds.map((kind) => times('one-bit', kind)));
  const popcount = sum(times('one-bit', 'popcount'));

  const time = { unit: 'ms, 16 layers', kind: 'measured', better: 'lower', goal: null } as const;
  const ratio = { unit: 'x', kind: 'measured', better: 'higher' } as const;
  const figures: Figure[] = oneBitKinds.map((kind) => ({
    id: `kernels.one-bit-${kind}`,
    value: sum(times('one-bit', kind)),
    baseline: 'WebAssembly, one thread',
    ...time,
  }));
  const losses: number[] = [];
  for (const { name, tau, structure, goal, kinds } of contenders) {
    const chosen = sum(
      layers.map(({ conv }, i) => times(name, fastestKernel({ tau, structure }, conv, 16))[i]),
    );
    losses.push(chosen / leastSum(kinds.map((kind) => times(name, kind))) - 1);
    const baseline = 'the fastest 1-bit kernel for each of the layers';
    figures.push({ id: `kernels.${name}`, value: chosen, baseline: null, ...time });
    figures.push({ id: `kernels.${name}-speedup`, value: best / chosen, goal, baseline, ...ratio });
    if (name === 'tau4') {
      figures.push({
        id: 'kernels.tau4-over-popcount',
        value: popcount / chosen,
        goal: popcountGoal,
        baseline: 'SIMD popcount at 1 bit',
        ...ratio,
      });
    }
  }
  figures.push({
    id: 'kernels.choice',
    value: 100 * Math.max(...losses),
    unit: '% slower than the fastest kernels',
    goal: 10,
    better: 'lower',
    kind: 'measured',
    baseline: 'the kernels that the runtime chooses, worst of the subsets above',
  });
  return figures;
};
