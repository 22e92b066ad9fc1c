import { join } from 'node:path';
import { readModel } from '../model/container/read.js';
import { encodeImage, labelsOf } from '../runtime/image.js';
import { replaceFolder } from '../util/delivery.js';
import { writeWeb } from '../web/bundle.js';
import { proveWeb } from '../web/prove.js';
import { type CpuManifest, compileForCpu, writeLibrary, writeManifest } from './bundle.js';
import { type GoldenImages, goldenOf } from './golden.js';
import { prove } from './prove.js';

/** A packed model to deploy, and images to prove it on. */
export interface CpuSource {
  /** Names the folder if nothing else does. */
  readonly name: string;
  readonly modelBytes: Uint8Array;
  /** Names the model in messages. */
  readonly modelFile: string;
  readonly images: GoldenImages;
}

/**
 * Writes a folder with a packed model as a C library to `output`, proved on the images where there is
 * a C compiler, and in it `web/`, which runs the model in browsers, proved in Node. It is put there whole
 * and after its proof; an earlier one is replaced.
 *
 * @throws Failure of kind `input` where `output` holds anything else or the model is damaged, of kind
 *   `tool` where the library does not compile, or it or `web/` differs from the reference
 */
export async function deployToCpu(
  { modelBytes, modelFile, images }: CpuSource,
  output: string,
  signal: AbortSignal,
): Promise<CpuManifest> {
  const file = readModel(modelBytes, modelFile);
  const { model } = file;
  const compiled = compileForCpu(model, modelBytes);
  const golden = await goldenOf(model, compiled.programs[0].maps, images, async () => {
    await new Promise(setImmediate);
    signal.throwIfAborted();
  });
  const { height, width, channels } = model.shape.input;
  const sample = images.pixels.subarray(0, height * width * channels);
  return replaceFolder(output, ['manifest.json', 'snn', 'model.snn'], async (draft) => {
    await writeLibrary(draft, compiled, golden, sample);
    const proof = await prove(draft, golden, signal);
    const web = join(draft, 'web');
    await writeWeb(web, {
      file,
      image: encodeImage(compiled.programs[0], labelsOf(model)),
      digits: images.source === 'test images' ? images.pixels : new Uint8Array(),
    });
    await proveWeb(web, images.pixels, golden.logits);
    return writeManifest(draft, compiled, golden, proof);
  });
}
