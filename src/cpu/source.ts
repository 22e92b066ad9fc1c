import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { decodeModel } from '../model/container/read.js';
import type { RunRecord } from '../pipeline/runs.js';
import { artifactFolder, type Store } from '../pipeline/store.js';
import { Failure } from '../util/failure.js';
import { errorCode } from '../util/files.js';
import { stream } from '../util/random.js';
import type { CpuSource } from './deploy.js';
import { mostGoldenImages } from './golden.js';

/**
 * The packed model that a run left, and the first test images of its data set.
 *
 * @throws Failure of kind `input` where the run packed nothing
 */
export async function sourceOfRun(
  store: Store,
  { id, spec, stages }: RunRecord,
): Promise<CpuSource> {
  const pack = stages.find(({ name }) => name === 'pack');
  if (pack?.fingerprint == null) {
    throw new Failure(
      'input',
      `${id} has no packed model: ${pack?.reason ?? 'it was not packed'}`,
      ['networks of real weights are not packed: set quantize.binarize in the spec'],
    );
  }
  const modelFile = join(artifactFolder(store, 'pack', pack.fingerprint), 'model.snn');
  const source = await openSplit(spec.data, 'test');
  const wanted = allOf(source).slice(0, mostGoldenImages);
  const { pixels } = await imagesOf(source, wanted).finally(() => source.close());
  const images = { source: 'test images', pixels } as const;
  return { name: spec.name, modelBytes: await readFile(modelFile), modelFile, images };
}

/**
 * A packed model's file, and random images.
 *
 * @throws Failure of kind `input` where it cannot be read or is damaged
 */
export async function sourceOfFile(modelFile: string): Promise<CpuSource> {
  const modelBytes = await readFile(modelFile).catch((error: unknown) => {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new Failure('input', `${modelFile}: ${why}`, [
      'name a packed model: a run leaves its model.snn in the artifact of its pack stage',
    ]);
  });
  const { height, width, channels } = decodeModel(modelBytes, modelFile).shape.input;
  const random = stream(0, 'golden images');
  const count = mostGoldenImages * height * width * channels;
  const pixels = Uint8Array.from({ length: count }, () => random.below(256));
  const name = basename(modelFile, '.snn');
  return { name, modelBytes, modelFile, images: { source: 'random images', pixels } };
}
