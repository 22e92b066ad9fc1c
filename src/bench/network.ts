import { availableParallelism } from 'node:os';
import { allOf, memorySource } from '../data/source.js';
import { encodeModel } from '../model/container/write.js';
import { createRuntime, startClassifier } from '../runtime/index.js';
import { interleaved, type Suite } from './figure.js';
import { packedNetwork } from './packed.js';
import { shape } from './six-block.js';
import { syntheticImages } from './synthetic.js';

const images = 10_000;
const timedImages = 100;
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
  return [
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
