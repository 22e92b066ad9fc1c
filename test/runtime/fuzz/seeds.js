// Runtime images of small networks by every kernel, to start fuzzing from: node seeds.js FOLDER VECTOR
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedNetwork } from '../../../dist/bench/packed.js';
import { decodeModel } from '../../../dist/model/container/read.js';
import { layOut } from '../../../dist/model/network.js';
import { kernelKinds, supports } from '../../../dist/runtime/binary-conv.js';
import { compile } from '../../../dist/runtime/compile.js';
import { encodeImage, labelsOf } from '../../../dist/runtime/image.js';
import { packageFile } from '../../../dist/util/paths.js';

const [folder, vector] = process.argv.slice(2);

/** A network of the smallest shape that has every operation of its family. */
function tiny(family, tau) {
  const stem = { kernel: 3, stride: 1, pool: true };
  const shape = layOut(
    { family, stages: [1, 1], width: 3, stem },
    { height: 5, width: 4, channels: 1 },
    3,
  );
  return packedNetwork(shape, tau);
}

/** Antipodal subsets. */
function fixture(name) {
  const file = packageFile(`test/fixtures/golden/${name}.snn`);
  return decodeModel(readFileSync(file), file);
}

const models = {
  bireal2: tiny('bireal', 2),
  bireal5: tiny('bireal', 5),
  bireal9: tiny('bireal', 9),
  vgg3: tiny('vgg', 3),
  saturating: fixture('saturating'),
  pooled: fixture('pooled'),
};
for (const [name, model] of Object.entries(models)) {
  const able = kernelKinds.filter((kind) => model.blocks.every(({ conv }) => supports(kind, conv)));
  for (const kernel of [...able, null]) {
    const image = encodeImage(compile(model, { vector: Number(vector), kernel }), labelsOf(model));
    writeFileSync(join(folder, `${name}-${kernel ?? 'chosen'}`), image);
  }
}
