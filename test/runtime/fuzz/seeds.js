// Runtime images of small networks by every kernel, to start fuzzing from: node seeds.js FOLDER VECTOR
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel } from '../../../dist/model/container/read.js';
import { layOut } from '../../../dist/model/network.js';
import { activationsOf } from '../../../dist/model/packed.js';
import { randomModel } from '../../../dist/model/random.js';
import { kernelKinds, supports } from '../../../dist/runtime/binary-conv.js';
import { compile } from '../../../dist/runtime/compile.js';
import { encodeImage, labelsOf } from '../../../dist/runtime/image.js';
import { supportsValues, valueKinds } from '../../../dist/runtime/value-conv.js';
import { packageFile } from '../../../dist/util/paths.js';

const [folder, vector] = process.argv.slice(2);

/** A network of the smallest shape that has every operation of its family. */
function tiny(family, tau, activations = 'binary') {
  const stem = { kernel: 3, stride: 1, pool: true };
  const shape = layOut(
    { family, stages: [1, 1], width: 3, stem },
    { height: 5, width: 4, channels: 1 },
    3,
  );
  return randomModel(shape, { tau, structure: 'free', activations }, 1);
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
  values3: tiny('bireal', 3, 'real'),
  values9: tiny('vgg', 9, 'real'),
  saturating: fixture('saturating'),
  pooled: fixture('pooled'),
  values: fixture('values'),
};
for (const [name, model] of Object.entries(models)) {
  const [kinds, able] =
    activationsOf(model) === 'real' ? [valueKinds, supportsValues] : [kernelKinds, supports];
  const eligible = kinds.filter((kind) => model.blocks.every(({ conv }) => able(kind, conv)));
  for (const kernel of [...eligible, null]) {
    const image = encodeImage(compile(model, { vector: Number(vector), kernel }), labelsOf(model));
    writeFileSync(join(folder, `${name}-${kernel ?? 'chosen'}`), image);
  }
}
