import { randomConv } from '../model/random.js';
import { type KernelKind, oneBitKinds, type VectorBytes } from '../runtime/binary-conv.js';
import { type ConvolutionOptions, compileConvolution } from '../runtime/compile-convolution.js';
import { eligibleKernels } from '../runtime/kernel-choice.js';
import type { Program } from '../runtime/program.js';
import { isValueKind, type ValueKind } from '../runtime/value-conv.js';
import { type Build, operationTimes } from '../speed/builds.js';
import { randomPixels } from '../speed/images.js';
import type { SubsetStructure } from '../subbit/subset.js';
import { stream } from '../util/random.js';
import { spreadOf } from '../util/timing.js';
import { resnet18Layers } from './resnet18.js';
import { seed } from './synthetic.js';

/** A subset of kernels, and what may compute it. */
export interface Contender<Kind extends KernelKind | ValueKind = KernelKind> {
  readonly name: string;
  readonly tau: number;
  readonly structure: SubsetStructure;
  readonly kinds: readonly Kind[];
}

export const oneBit: Contender = { name: 'one-bit', tau: 9, structure: 'free', kinds: oneBitKinds };

/** What is timed against 1 bit. */
export const subBit: readonly Contender[] = (
  [
    { name: 'tau4', tau: 4, structure: 'free' },
    { name: 'tau5', tau: 5, structure: 'free' },
    { name: 'tau5-antipodal', tau: 5, structure: 'antipodal' },
    { name: 'tau6-antipodal', tau: 6, structure: 'antipodal' },
  ] as const
).map((subset) => ({ ...subset, kinds: eligibleKernels(subset) }));

/** Milliseconds of all of a contender's layers of each shape by one kernel, [shapes]: medians. */
export type KernelTimes<Kind extends KernelKind | ValueKind = KernelKind> = (
  contender: Contender<Kind>,
  kind: Kind,
) => readonly number[];

const key = ({ name }: { readonly name: string }, kind: string, shape: number) =>
  `${name} ${kind} ${shape}`;

function optionsOf(kernel: KernelKind | ValueKind, vector: VectorBytes): ConvolutionOptions {
  return isValueKind(kernel) ? { vector, kernel } : { vector, kernel, padding: 'minus-one' };
}

/** Every contender by every kernel on every shape. */
function programs<Kind extends KernelKind | ValueKind>(
  { vector }: Build,
  contenders: readonly Contender<Kind>[],
): Readonly<Record<string, Program>> {
  const entries = resnet18Layers.flatMap(({ conv: shape }, i) =>
    contenders.flatMap((contender) => {
      const { tau, structure, kinds } = contender;
      const random = stream(seed, 'bench kernels', tau, structure);
      const conv = randomConv(tau, structure, shape, random);
      return kinds.map((kernel): [string, Program] => {
        const seen = new Int16Array(shape.input.channels);
        const options = optionsOf(kernel, vector);
        const program = compileConvolution(conv, seen, shape, options);
        return [key(contender, kernel, i), program];
      });
    }),
  );
  return Object.fromEntries(entries);
}

/** Times the convolutions alone, their input encoded, on one thread, all in the same rounds. */
export async function kernelTimes<Kind extends KernelKind | ValueKind>(
  build: Build,
  contenders: readonly Contender<Kind>[],
  repeats: number,
): Promise<KernelTimes<Kind>> {
  const rivals = programs(build, contenders);
  const image = ({ image }: Program) => randomPixels(image.bytes, seed);
  const runs = await operationTimes(build, rivals, image, { repeats });
  const median = (rival: string) => {
    const last = rivals[rival].operations.length - 1;
    return spreadOf(runs[rival].map((times) => times[last])).median;
  };
  return (contender, kind) =>
    resnet18Layers.map(({ count }, i) => count * median(key(contender, kind, i)));
}
