import type { PackedModel } from '../model/packed.js';
import { readsDigits } from '../web/page.js';
import type { ImageSize } from './bundle.js';
import type { Golden } from './golden.js';
import type { Proof } from './prove.js';
import { sampleFile } from './sample.js';

const many = (count: number, one: string, more = `${one}s`) =>
  `${count} ${count === 1 ? one : more}`;

/** One sentence on what was proved of the library. */
export function proofText(proof: Proof): string {
  if (!proof.proved) return `not proved: ${proof.why}`;
  const { builds, layers, images, source, values, compiler } = proof;
  return (
    `${many(layers, 'layer')} on ${many(images, source.slice(0, -1))}, ${values} values, equal to the ` +
    `reference bit for bit (${builds.join(' and ')}; ${compiler})`
  );
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;

/** The README of a deployment folder. */
export function readMe(
  model: PackedModel,
  images: readonly ImageSize[],
  golden: Golden,
  proof: Proof,
): string {
  const { height, width, channels } = model.shape.input;
  const { name: sample } = sampleFile(model, new Uint8Array());
  const page = readsDigits(model) ? '; open `draw-a-digit.html` and draw' : '';
  const rows = images.map(
    ({ vector, imageBytes, memoryBytes }) =>
      `| ${vector} bytes: ${vector === 32 ? 'AVX2' : 'any machine, NEON'} | ${kib(imageBytes)} | ${kib(memoryBytes)} |`,
  );
  return `# ${model.name} as a C library

Images of ${height}x${width}x${channels} bytes (height, width, channels) to ${many(model.shape.classifier.classes, 'class', 'classes')},
in integers. C11 and the vector extensions of GCC or Clang on a little-endian machine; no other library.

Proof: ${proofText(proof)}.
Logits of web/ on the same images: equal, in Node.

\`\`\`sh
make test                                     # every layer of ${many(golden.images, golden.source.slice(0, -1))}, bit for bit
make && build/classify example/${sample}      # names the image's class
cmake -B build/cmake && cmake --build build/cmake && ctest --test-dir build/cmake
make test CC=aarch64-linux-gnu-gcc CFLAGS='-O3 -static' RUN=qemu-aarch64 BUILD=build/aarch64
\`\`\`

| file | what it is |
|---|---|
| snn/snn.h | the interface: load, sizes, run, layer probe, free |
| snn/, kernels/ | the library: \`snn/snn.c\` is all there is to compile |
| model/ | the network as a C array; \`model.h\` declares it |
| example/classify.c | names the class of a PGM, PPM or bare image |
| test/ | the golden images, every value of every layer, and what compares them |
| web/ | for browsers and Node: the loader \`snn.js\`, \`runtime.wasm\`, \`model.bin\`${page} |
| Makefile, CMakeLists.txt | the library \`snn\`, the example and the test |
| model.snn | the packed network that all this was made from |
| LICENSE | of the library: MIT |
| manifest.json | SHA-256 of every file, sizes, and what was proved |

The kernels of a layer depend on the machine's vectors, so there are two images; a build takes the one that fits its
flags (\`-mavx2\`, \`-march=native\`). Weights are used where the array is: there is no second copy.

| vectors | the array, read-only | memory while it runs |
|---|---|---|
${rows.join('\n')}

Compile with \`-fwrapv -fno-strict-aliasing\`, as both build files do. \`snn_load\` checks the whole image: one
that was changed on its way is refused. A model is used by one thread at a time; any number of models run side by side.
`;
}
