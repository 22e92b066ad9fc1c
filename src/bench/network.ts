import { availableParallelism } from 'node:os';
import { allOf, memorySource } from '../data/source.js';
import { encodeModel } from '../model/container/write.js';
import type { PackedModel } from '../model/packed.js';
import { modelSize } from '../model/size.js';
import { compile } from '../runtime/compile.js';
import { createRuntime, startClassifier } from '../runtime/index.js';
import { loadProgram, operate } from '../runtime/machine.js';
import { buildNative, canBuild, timeNative } from '../runtime/native/native.js';
import type { OperationName, Program } from '../runtime/program.js';
import { stream } from '../util/random.js';
import { inFreshFolder } from './cli.js';
import { type Figure, fastest, interleaved, type Suite } from './figure.js';
import { resnet18 } from './kernels.js';
import { packedNetwork } from './packed.js';
import { shape } from './six-block.js';
import { seed, syntheticImages } from './synthetic.js';

const images = 10_000;
const timedImages = 100;
/** Rounds in which every operation of a large network is timed. */
const operationRounds = 60;

/** The parts of a network by their operations. */
const parts: Readonly<Record<string, readonly OperationName[]>> = {
  stem: ['padImage', 'stem', 'maxPool'],
  codes: ['encode', 'transpose'],
  blocks: ['block', 'convolve', 'maxPoolSums', 'activate'],
  shortcuts: ['downsample'],
  classifier: ['average', 'classify'],
};

/** A program's operations and the milliseconds that each takes. */
interface TimedProgram {
  readonly program: Program;
  readonly times: readonly number[];
}

function imageOf({ image }: Program): Uint8Array {
  const random = stream(seed, 'bench image');
  return Uint8Array.from({ length: image.bytes }, () => random.below(256));
}

function wasmOperations(model: PackedModel): TimedProgram {
  const program = compile(model, { vector: 16, kernel: null });
  const operator = operate(loadProgram(program, 1), 0);
  operator.run(imageOf(program));
  const times = program.operations.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < operationRounds; round++) {
    for (let i = 0; i < times.length; i++) {
      const started = performance.now();
      operator.step(i);
      times[i] = Math.min(times[i], performance.now() - started);
    }
  }
  return { program, times };
}

/** Milliseconds of each part of an image's way through a network, and of all of it. */
function imageFigures(build: string, { program, times }: TimedProgram, goal: number): Figure[] {
  const sum = (wanted: readonly OperationName[]) =>
    program.operations.reduce((ms, { name }, i) => ms + (wanted.includes(name) ? times[i] : 0), 0);
  const figure = (part: string, value: number, aim: number | null): Figure => ({
    id: `network.resnet18.${build}.${part}`,
    value,
    unit: 'ms',
    goal: aim,
    better: 'lower',
    kind: 'measured',
    baseline: 'tau 5, least time of every operation, one thread',
  });
  return [
    figure('image', sum(Object.values(parts).flat()), goal),
    ...Object.entries(parts).map(([part, names]) => figure(part, sum(names), null)),
  ];
}

/** Bits that the kernels of the binary layers hold for each weight, subsets and padding included. */
function weightBits(model: PackedModel): number {
  const { binaryBytes } = compile(model, { vector: 16, kernel: null });
  return (8 * binaryBytes) / modelSize(model).binaryWeights;
}

/** Milliseconds of one image on which several threads work together. */
async function togetherTime(model: PackedModel, threads: number): Promise<number> {
  const classifier = startClassifier(encodeModel(model), threads);
  const source = memorySource(syntheticImages(model.shape, 1));
  const batch = source.batch(allOf(source), null);
  const { once } = await fastest({ once: () => classifier.logits(batch) }, operationRounds);
  await classifier.close();
  return once;
}

/** The same compiled by `cc` for AVX2, where that is there. */
async function avx2Figures(model: PackedModel): Promise<Figure[]> {
  if (!canBuild('avx2')) return [];
  return inFreshFolder(async (folder) => {
    const build = buildNative('avx2', folder);
    const program = compile(model, { vector: build.vector, kernel: null });
    const times = timeNative(build, program, imageOf(program), operationRounds);
    return imageFigures('avx2', { program, times }, 6);
  });
}

/** Packed inference of the six-block network on the CPU. */
export const network: Suite = async (note) => {
  const threads = availableParallelism();
  note(`${images} images through the packed runtime on ${threads} threads`);
  const model = packedNetwork(shape, 5);
  const set = syntheticImages(shape, images);
  const source = memorySource(set);
  const started = performance.now();
  const classifier = startClassifier(encodeModel(model), threads);
  await classifier.logits(source.batch(allOf(source), null));
  await classifier.close();
  const seconds = (performance.now() - started) / 1000;

  note('one image at a time on one thread: tau 5 against its 1-bit twin');
  const subBit = createRuntime(model);
  const oneBit = createRuntime(packedNetwork(shape, 9));
  const few = set.pixels.subarray(0, timedImages * subBit.imageSize);
  const times = await interleaved(
    {
      subBit: () => subBit.logits(few, timedImages),
      oneBit: () => oneBit.logits(few, timedImages),
    },
    9,
  );
  const kind = 'measured';
  note('one image of 224x224 through ResNet-18 at 0.56 bit, on one thread');
  const large = packedNetwork(resnet18, 5);
  return [
    ...imageFigures('wasm', wasmOperations(large), 15),
    ...(await avx2Figures(large)),
    {
      id: 'network.resnet18.wasm.image-together',
      value: await togetherTime(large, threads),
      unit: 'ms',
      goal: null,
      better: 'lower',
      kind,
      baseline: `tau 5, one image on ${threads} threads, least of all rounds`,
    },
    {
      id: 'network.resnet18.wasm.weight-bits',
      value: weightBits(large),
      unit: 'bits a binary weight in memory',
      goal: 1,
      better: 'lower',
      kind: 'measured',
      baseline: 'tau 5, what the kernels of the binary layers hold',
    },
    {
      id: 'network.evaluate-10000',
      value: seconds,
      unit: 's',
      goal: 3,
      better: 'lower',
      kind,
      baseline: `${threads} threads, threads and model started anew`,
    },
    {
      id: 'network.latency',
      value: times.subBit / timedImages,
      unit: 'ms an image',
      goal: null,
      better: 'lower',
      kind,
      baseline: 'tau 5, one thread',
    },
    {
      id: 'network.sub-bit-speedup',
      value: times.oneBit / times.subBit,
      unit: 'x',
      goal: null,
      better: 'higher',
      kind,
      baseline: 'its 1-bit twin in the same runtime, whole network, one thread',
    },
  ];
};
