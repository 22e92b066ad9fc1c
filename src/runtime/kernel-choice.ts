import type { ConvShape } from '../model/network.js';
import type { PackedBinaryConv, PackedBlock, PackedModel } from '../model/packed.js';
import {
  type KernelKind,
  kernelKinds,
  oneBitKinds,
  storedChannels,
  supports,
  type VectorBytes,
} from './binary-conv.js';
import { computedResponses } from './conv-weights.js';
import {
  fastestValueKernel,
  isValueKind,
  modelledValueTime,
  type ValueKind,
} from './value-conv.js';

type Subset = Pick<PackedBinaryConv, 'tau' | 'structure'>;

/**
 * Nanoseconds of the kernels' steps, fitted to the layers of ResNet-18 and to small ones on x86-64;
 * only their ratios matter. By planes, for an input channel and a vector of positions; by look-up and
 * popcount, for a unit of input and a position.
 */
const costs = {
  /** WebAssembly in Node 20. */
  16: {
    planes: { unit: 6.9, response: 0.49, opposite: 0.17, output: 0.216 },
    splitPlanes: { unit: 19, output: 0.38 },
    lookup: { unit: 0.33, plain: 0.023, signed: 0.031, double: 0.05 },
    nibbles: { unit: 0.48, output: 0.02 },
    popcount: { unit: 1.9, output: 0.203 },
  },
  /** AVX2. */
  32: {
    planes: { unit: 10.9, response: 0.57, opposite: 0.43, output: 0.265 },
    splitPlanes: { unit: 28, output: 0.52 },
    lookup: { unit: 0.33, plain: 0.0078, signed: 0.0116, double: 0.0159 },
    nibbles: { unit: 0.28, output: 0.0071 },
    popcount: { unit: 1.44, output: 0.105 },
  },
} as const;

/** Modelled time of a kernel on a convolution; only ratios matter. */
export function modelledTime(
  kind: KernelKind,
  subset: Subset,
  { input, output }: ConvShape,
  vector: VectorBytes,
): number {
  const cost = costs[vector];
  const positions = output.height * output.width;
  const vectors = Math.ceil(positions / vector);
  const inputs = storedChannels(input.channels, vector);
  const outputs = storedChannels(output.channels, vector);
  const responses = computedResponses(subset);
  const antipodal = subset.structure === 'antipodal';
  switch (kind) {
    case 'planes': {
      const { unit, response, opposite, output: each } = cost.planes;
      const build = responses * (response + (antipodal ? opposite : 0));
      return input.channels * vectors * (unit + build + each * output.channels);
    }
    case 'splitPlanes': {
      const { unit, output: each } = cost.splitPlanes;
      return input.channels * vectors * (unit + each * output.channels);
    }
    case 'lookup': {
      const { unit, plain, signed, double } = cost.lookup;
      const each = antipodal ? signed : responses > 16 ? double : plain;
      return input.channels * positions * (unit + each * outputs);
    }
    case 'nibbles': {
      const { unit, output: each } = cost.nibbles;
      return ((9 * inputs) / 4) * positions * (unit + each * outputs);
    }
    case 'popcount': {
      const { unit, output: each } = cost.popcount;
      return 9 * Math.ceil(inputs / 32) * positions * (unit + each * outputs);
    }
  }
}

/** Up to this tau a layer's weights take at most one bit each at run time. */
const compactTau = 5;

/** The kernels that may compute a layer: up to tau 5 those that hold a weight in 1 bit or less. */
export function eligibleKernels(subset: Subset): KernelKind[] {
  const compact: readonly KernelKind[] = ['planes', 'lookup', 'popcount'];
  const kinds = subset.tau <= compactTau ? compact : kernelKinds;
  return kinds.filter((kind) => supports(kind, subset));
}

/** The eligible kernel with the least modelled time. */
export function fastestKernel(subset: Subset, shape: ConvShape, vector: VectorBytes): KernelKind {
  const time = (kind: KernelKind) => modelledTime(kind, subset, shape, vector);
  return eligibleKernels(subset).reduce((best, kind) => (time(kind) < time(best) ? kind : best));
}

/** The kernel that computes a binary layer on a CPU. */
export interface KernelChoice {
  readonly kernel: KernelKind | ValueKind;
  /** Share of the modelled time of all binary layers, 0..1. */
  readonly timeShare: number;
}

/** The kernels of a model's binary layers in WebAssembly, by the layers' names. */
export function chosenKernels({ shape, blocks }: PackedModel): ReadonlyMap<string, KernelChoice> {
  const vector = 16;
  const layers = shape.blocks.map(({ name, conv }, i) => {
    const subset = blocks[i].conv;
    const kernel = chosenKernel(blocks[i], conv, vector);
    const time = isValueKind(kernel)
      ? modelledValueTime(kernel, subset, conv, vector)
      : modelledTime(kernel, subset, conv, vector);
    return { name, kernel, time };
  });
  const total = layers.reduce((sum, { time }) => sum + time, 0);
  return new Map(
    layers.map(({ name, kernel, time }) => [name, { kernel, timeShare: time / total }]),
  );
}

/** The kernel that the runtime chooses for a block. */
export function chosenKernel(
  { conv, input }: Pick<PackedBlock, 'conv' | 'input'>,
  shape: ConvShape,
  vector: VectorBytes,
): KernelKind | ValueKind {
  return input.activations === 'binary'
    ? fastestKernel(conv, shape, vector)
    : fastestValueKernel(conv, shape, vector);
}

/** The kernels that take a block's convolution as one of 1 bit. */
export function oneBitKernels({
  input,
}: Pick<PackedBlock, 'input'>): readonly (KernelKind | ValueKind)[] {
  return input.activations === 'binary' ? oneBitKinds : ['valueSplit'];
}
