import { basename } from 'node:path';
import { openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { decodeModel } from '../model/container/read.js';
import { modelFileOf, readModelFile } from '../pipeline/model-file.js';
import type { RunRecord } from '../pipeline/runs.js';
import type { Store } from '../pipeline/store.js';
import { whyNotPacked } from '../spec/binary.js';
import { Failure } from '../util/failure.js';
import { stream } from '../util/random.js';
import type { CpuSource } from './deploy.js';
import { mostGoldenImages } from './golden.js';

/**
 * The packed model that a run left, and the first test images of its data set.
 *
 * @throws Failure of kind `input` where the run packed nothing
 */
export async function sourceOfRun(store: Store, run: RunRecord): Promise<CpuSource> {
  const { spec } = run;
  const modelFile = modelFileOf(run, store);
  if (modelFile === null) {
    const why = whyNotPacked(spec) ?? 'pack did not finish';
    throw new Failure('input', `run ${run.id} has no packed model: ${why}`, [
      'networks of real weights are not packed: set quantize.binarize in the spec',
    ]);
  }
  const source = await openSplit(spec.data, 'test');
  const wanted = allOf(source).slice(0, mostGoldenImages);
  const { pixels } = await imagesOf(source, wanted).finally(() => source.close());
  const images = { source: 'test images', pixels } as const;
  return { name: spec.name, modelBytes: await readModelFile(modelFile), modelFile, images };
}

/**
 * A packed model's file, and random images.
 *
 * @throws Failure of kind `input` where it cannot be read or is damaged
 */
export async function sourceOfFile(modelFile: string): Promise<CpuSource> {
  const modelBytes = await readModelFile(modelFile);
  const { height, width, channels } = decodeModel(modelBytes, modelFile).shape.input;
  const random = stream(0, 'golden images');
  const count = mostGoldenImages * height * width * channels;
  const pixels = Uint8Array.from({ length: count }, () => random.below(256));
  const name = basename(modelFile, '.snn');
  return { name, modelBytes, modelFile, images: { source: 'random images', pixels } };
}
