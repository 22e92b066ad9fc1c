import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBundle } from '../../src/fpga/bundle.js';
import { designDocument } from '../../src/fpga/design-document.js';
import { chooseDesign } from '../../src/fpga/fit.js';
import { goldenImage } from '../../src/fpga/golden.js';
import { fpgaTargets } from '../../src/fpga/targets.js';
import { encodeModel } from '../../src/model/container/write.js';
import type { PackedModel } from '../../src/model/packed.js';

/** Writes a deployment folder for the UP5K as the deploy stage does; the bitstream is any bytes. */
export async function writeDeployment(
  folder: string,
  model: PackedModel,
  images: readonly Uint8Array[],
): Promise<void> {
  const made = `${folder}-made`;
  for (const path of [folder, made]) await mkdir(path, { recursive: true });
  const target = fpgaTargets['ice40-up5k'];
  const tau = Math.max(...model.blocks.map(({ conv }) => conv.tau));
  const fit = chooseDesign(model.shape, tau, target);
  const design = designDocument({ ...fit, target }, {});
  await writeFile(join(made, 'bitstream.bin'), 'any bytes');
  await writeFile(join(made, 'design.json'), JSON.stringify(design));
  await writeFile(join(made, 'model.snn'), encodeModel(model));
  const simulated = { simulated: false, simulator: null, images: [], layers: [], values: 0 };
  await writeBundle(folder, {
    synthesized: made,
    modelFile: join(made, 'model.snn'),
    model,
    design,
    golden: images.map((pixels, i) => goldenImage(model, fit.plan, pixels, i)),
    verification: { ...simulated, cyclesPerImage: null },
    artifacts: {},
  });
}
