import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { type ModelFile, readModel } from '../model/container/read.js';
import { encodeModel } from '../model/container/write.js';
import { reachOf } from '../model/float-reference.js';
import { packNetwork } from '../model/pack.js';
import { modelSize, storedBits } from '../model/size.js';
import { isBinaryNetwork } from '../model/trained.js';
import { decodeTrained } from '../model/trained-file.js';
import type { Metric, Metrics } from '../pipeline/events.js';
import { defineStage, inputOf, type StageContext } from '../pipeline/stage.js';
import { whyNotPacked } from '../spec/binary.js';
import { specDigest } from '../spec/digest.js';
import type { DataFiles, Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { sha256 } from '../util/hash.js';
import { toolVersion } from '../util/tool.js';
import { tellSkipped } from './skipped.js';
import { type Agreement, agreementWithFloat, eachImage } from './verify-packed.js';

type Slice = Pick<Spec, 'name' | 'verify'> & {
  readonly data: DataFiles;
  /** Digest of the whole spec, for the model's provenance. */
  readonly digest: string;
};

/** Training images over which the ranges of activations and accumulators are taken. */
const calibrationImages = 64;

/** Share of images on which the packed model may choose another class than the float network. */
const disagreementLimit = 0.1;

/**
 * Turns the trained network into an integer-only model (docs/arithmetic.md) and compares the two on
 * `verify.images` training images. The artifact: `model.snn` (docs/format.md).
 */
export const pack = defineStage({
  name: 'pack',
  version: 2,
  needs: ['refine'],
  skip: whyNotPacked,
  reads: (spec): Slice => {
    const { augment: _, ...data } = spec.data;
    return { name: spec.name, data, verify: spec.verify, digest: specDigest(spec) };
  },
  environment: async ({ data }) => ({ tool: await toolVersion(), data: await dataDigest(data) }),
  run: packTrained,
});

async function packTrained({
  spec: { name, data, verify, digest },
  inputs,
  out,
  emit,
  signal,
}: StageContext<Slice>): Promise<Metrics> {
  const refined = inputOf(inputs, 'refine');
  const file = await readFile(join(refined.path, 'trained.safetensors'));
  const network = decodeTrained(file);
  if (!isBinaryNetwork(network)) throw new Error('refine left a network of real weights');
  const source = await openSplit(data, 'train');
  const wanted = allOf(source).slice(0, calibrationImages + verify.images);
  const { count, pixels, labels } = await imagesOf(source, wanted).finally(() => source.close());
  const imageSize = pixels.length / count;

  const seen = Math.min(calibrationImages, count);
  const reach = reachOf(network, pixels.subarray(0, seen * imageSize));
  const traced = { trained: sha256(file), spec: name, tool: await toolVersion() };
  const model = packNetwork(network, { name, reach, provenance: { ...traced, origin: null } });

  const first = Math.min(seen, count - Math.min(verify.images, count));
  const agreement = await agreementWithFloat(
    network,
    model,
    eachImage(pixels.subarray(first * imageSize, (first + verify.images) * imageSize), imageSize),
    labels.subarray(first, first + verify.images),
    signal,
  );
  requireAgreement(agreement);
  emit({
    type: 'note',
    text:
      `verified ${agreement.images} training images: ${agreement.sameClass} of the same class ` +
      `as the float network, logits ${(100 * agreement.logitError).toFixed(1)} % apart`,
  });
  const found = metricsOfAgreement(agreement);
  const figures = { ...trainingFigures(refined.metrics), ...found };
  const bytes = encodeModel({
    ...model,
    provenance: { ...traced, origin: { spec: digest, figures } },
  });
  await writeFile(join(out, 'model.snn'), bytes);
  return { ...sizesOf(readModel(bytes)), ...found, ...tellSkipped(source, emit) };
}

/** What training found of the network and would find again; not how long it took. */
function trainingFigures(metrics: Metrics): Metrics {
  const told = ['training loss', 'training accuracy', 'validation accuracy', 'kept epoch'];
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => told.includes(name)));
}

function requireAgreement({ images, sameClass }: Agreement): void {
  const allowed = Math.max(1, Math.floor(disagreementLimit * images));
  if (images === 0) throw new Error('no image was there to verify the packed model with');
  if (images - sameClass > allowed) {
    throw new Failure(
      'input',
      `packed to integers, the network chooses another class on ${images - sameClass} of ` +
        `${images} training images; at most ${allowed} are allowed`,
      ['train longer or with a smaller learning rate: its activations are at the edge of a sign'],
    );
  }
}

function counted(value: number, unit: string): Metric {
  return { value, unit, kind: 'counted' };
}

function measured(value: number, unit: string): Metric {
  return { value, unit, kind: 'measured' };
}

function sizesOf({ model, layout }: ModelFile): Metrics {
  const size = modelSize(model);
  const stored = storedBits(layout);
  return {
    'binary weights': counted(size.indexBits / 1000, 'kbit'),
    'binary weights at 1 bit': counted(size.binaryWeights / 1000, 'kbit'),
    subsets: counted(size.subsetBits / 1000, 'kbit'),
    'bits per binary weight': counted(
      (size.indexBits + size.subsetBits) / size.binaryWeights,
      'bit, subsets included',
    ),
    'stored bits per binary weight': counted(
      stored / size.binaryWeights,
      'bit in the file, subsets included',
    ),
    'packed model': counted(layout.fileBytes, 'bytes'),
    'against 1 bit': counted(size.oneBitTotal / size.totalBits, 'x smaller'),
    'against 32 bit': counted(size.floatTotal / size.totalBits, 'x smaller'),
  };
}

function metricsOfAgreement({ images, correct, sameClass, logitError }: Agreement): Metrics {
  const ofImages = (count: number) =>
    measured((100 * count) / images, `% of ${images} training images`);
  return {
    'float accuracy': ofImages(correct.float),
    'packed accuracy': ofImages(correct.packed),
    'same class as float': ofImages(sameClass),
    'logit error': measured(100 * logitError, '% of the float logits'),
  };
}
