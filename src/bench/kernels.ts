import { birealNetwork } from '../model/network.js';
import type { PackedBinaryConv } from '../model/packed.js';
import { fasterKernel, prepareKernel } from '../runtime/binary-conv.js';
import { wordsFor } from '../runtime/windows.js';
import { membersOf, type SubsetStructure, sampleSubset } from '../subbit/subset.js';
import { stream } from '../util/random.js';
import { type Figure, interleaved, type Suite } from './figure.js';
import { seed } from './synthetic.js';

const rounds = 5;

/** ResNet-18 at 224x224: its sixteen binary 3x3 layers, 115.6 M multiplications each. */
const { blocks } = birealNetwork(
  { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
  { height: 224, width: 224, channels: 3 },
  1000,
);

/** What is timed against 1 bit, with the ratio that is aimed at. */
const rivals = [
  { name: 'tau4', tau: 4, structure: 'free', goal: 2 },
  { name: 'tau5', tau: 5, structure: 'free', goal: 1.5 },
  { name: 'tau5-antipodal', tau: 5, structure: 'antipodal', goal: 2 },
  { name: 'tau6-antipodal', tau: 6, structure: 'antipodal', goal: 1.4 },
] as const;

/** All sixteen layers with random kernels, each by the kernel that the runtime chooses for it. */
function prepareLayers(tau: number, structure: SubsetStructure): () => void {
  const layers = blocks.map(({ name, conv }) => {
    const random = stream(seed, 'bench kernels', name, tau, structure);
    const { height, width, channels: outputs } = conv.output;
    const inputs = conv.input.channels;
    const positions = height * width;
    const packed: PackedBinaryConv = {
      tau,
      structure,
      members: membersOf(sampleSubset(tau, structure, random)),
      indices: Uint16Array.from({ length: inputs * outputs }, () => random.below(2 ** tau)),
    };
    const padded = 4 * Math.ceil(positions / 4);
    const windows = Int32Array.from({ length: padded * wordsFor(inputs) }, () =>
      random.below(2 ** 27),
    );
    const kernel = prepareKernel(fasterKernel(packed, outputs), packed, outputs, positions);
    const accumulators = new Int32Array(positions * outputs);
    return () => kernel(windows, accumulators);
  });
  return () => {
    for (const layer of layers) layer();
  };
}

/** Binary convolutions of the CPU runtime, sub-bit against 1 bit, one thread. */
export const kernels: Suite = async (note) => {
  note("ResNet-18's sixteen binary layers at 1 bit and below");
  const oneBit = prepareLayers(9, 'free');
  const subBit = rivals.map(
    ({ name, tau, structure }) => [name, prepareLayers(tau, structure)] as const,
  );
  const times = await interleaved<string>({ oneBit, ...Object.fromEntries(subBit) }, rounds);
  const speedUps = rivals.map(
    ({ name, goal }): Figure => ({
      id: `kernels.${name}-speedup`,
      value: times.oneBit / times[name],
      unit: 'x',
      goal,
      better: 'higher',
      kind: 'measured',
      baseline: 'the same layers at 1 bit (popcount) in the same runtime, one thread',
    }),
  );
  return [
    {
      id: 'kernels.one-bit',
      value: times.oneBit,
      unit: 'ms, 16 layers',
      goal: null,
      better: 'lower',
      kind: 'measured',
      baseline: 'TypeScript runtime, one thread',
    },
    ...speedUps,
  ];
};
