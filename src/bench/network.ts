import { availableParallelism } from 'node:os';
import { encodeModel } from '../model/container/write.js';
import type { PackedModel } from '../model/packed.js';
import { randomModel } from '../model/random.js';
import { modelSize } from '../model/size.js';
import { compile } from '../runtime/compile.js';
import { createRuntime, startClassifier } from '../runtime/index.js';
import { randomImages } from '../speed/images.js';
import { interleaved, stopwatch } from '../util/timing.js';
import type { Suite } from './figure.js';
import { imageFigures } from './image.js';
import { resnet18 } from './resnet18.js';
import { shape } from './six-block.js';
import { seed } from './synthetic.js';

const images = 10_000;
const timedImages = 100;
const repeats = 30;

/** Bits that the kernels of the binary layers hold for each weight, subsets and padding included. */
function weightBits(model: PackedModel): number {
  const { binaryBytes } = compile(model, { vector: 16, kernel: null });
  return (8 * binaryBytes) / modelSize(model).binaryWeights;
}

/** Milliseconds of one image on which several threads work together. */
async function togetherTime(model: PackedModel, threads: number): Promise<number> {
  const classifier = startClassifier(encodeModel(model), threads);
  const image = randomImages(model.shape.input, 1, seed);
  const { together } = await interleaved({ together: () => classifier.logits(image) }, { repeats });
  await classifier.close();
  return together.median;
}

/** Seconds that many images take, starting the threads included. */
async function evaluationTime(model: PackedModel, threads: number): Promise<number> {
  const batch = randomImages(model.shape.input, images, seed);
  const milliseconds = await stopwatch(async () => {
    const classifier = startClassifier(encodeModel(model), threads);
    await classifier.logits(batch);
    await classifier.close();
  });
  return milliseconds / 1000;
}

/** Milliseconds of one image through the six-block network on one thread, at tau 5 and at 1 bit. */
async function smallTimes() {
  const [subBit, oneBit] = [5, 9].map((tau) =>
    createRuntime(randomModel(shape, { tau, structure: 'free', activations: 'binary' }, seed)),
  );
  const { pixels } = randomImages(shape.input, timedImages, seed);
  const few = new Uint8Array(pixels);
  const times = await interleaved(
    {
      subBit: () => subBit.logits(few, timedImages),
      oneBit: () => oneBit.logits(few, timedImages),
    },
    { repeats },
  );
  return {
    subBit: times.subBit.median / timedImages,
    oneBit: times.oneBit.median / timedImages,
  };
}

/** Packed inference of whole networks on the CPU. */
export const network: Suite = async (note) => {
  const threads = availableParallelism();
  note(`${images} images through the packed runtime on ${threads} threads`);
  const model = randomModel(shape, { tau: 5, structure: 'free', activations: 'binary' }, seed);
  const seconds = await evaluationTime(model, threads);
  note('one image at a time on one thread: tau 5 against its 1-bit twin');
  const small = await smallTimes();
  note('one image of 224x224 through ResNet-18 at 0.56 bit and in float32, on one thread');
  const large = randomModel(resnet18, { tau: 5, structure: 'free', activations: 'binary' }, seed);
  const kind = 'measured';
  return [
    ...(await imageFigures(large, note)),
    {
      id: 'network.resnet18.wasm.image-together',
      value: await togetherTime(large, threads),
      unit: 'ms',
      goal: null,
      better: 'lower',
      kind,
      baseline: `tau 5, one image on ${threads} threads, median of ${repeats}`,
    },
    {
      id: 'network.resnet18.wasm.weight-bits',
      value: weightBits(large),
      unit: 'bits a binary weight in memory',
      goal: 1,
      better: 'lower',
      kind,
      baseline: 'tau 5, what the kernels of the binary layers hold',
    },
    {
      id: 'network.evaluate-10000',
      value: seconds,
      unit: 's',
      goal: 3,
      better: 'lower',
      kind,
      baseline: `${images} images of MNIST's size on ${threads} threads, started anew, once`,
    },
    {
      id: 'network.latency',
      value: small.subBit,
      unit: 'ms an image',
      goal: null,
      better: 'lower',
      kind,
      baseline: `the six-block network, tau 5, one thread, median of ${repeats}`,
    },
    {
      id: 'network.sub-bit-speedup',
      value: small.oneBit / small.subBit,
      unit: 'x',
      goal: null,
      better: 'higher',
      kind,
      baseline: 'its 1-bit twin in the same runtime, in turn, whole network, one thread',
    },
  ];
};
