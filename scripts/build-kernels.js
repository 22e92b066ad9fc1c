/** Compiles the C kernels to the WebAssembly modules that ship in wasm/. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { runClang } from '@yowasp/clang';

const flags = [
  ...['-O3', '-std=c11', '-Wall', '-Wextra', '-Werror', '-ffp-contract=off'],
  ...['--target=wasm32', '-msimd128', '-mbulk-memory', '-nostdlib'],
  '-Wl,--no-entry',
];

/** Flags of modules whose memory their user makes and lays out. */
const imported = ['-Wl,--import-memory', '-Wl,--export=__stack_pointer'];

/** Flags of modules whose memory several threads share. */
const shared = [
  ...imported,
  ...['-matomics', '-Wl,--shared-memory', '-Wl,--max-memory=4294967296'],
];

/** Flags of modules with a memory of their own, free from __heap_base on. */
const own = ['-Wl,--export=__heap_base', '-Wl,--stack-first'];

/** Modules to build: the folder that holds the C sources of each and where its WebAssembly goes. */
export const kernelModules = [
  { folder: 'src/engine/kernels', output: 'wasm/train.wasm', flags: imported },
  { folder: 'src/nn/quantizer', output: 'wasm/quantizer.wasm', flags: imported },
  { folder: 'src/runtime/kernels', output: 'wasm/runtime.wasm', flags: shared },
  { folder: 'src/runtime/kernels', output: 'wasm/runtime-web.wasm', flags: own },
];

/** Compiles a folder of C sources, relative to the package's top folder, to one WebAssembly module. */
export async function compileKernels({ folder, flags: particular }) {
  const from = new URL(`../${folder}/`, import.meta.url);
  const names = (await readdir(from)).filter((name) => /\.[ch]$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, from), 'utf8')));
  const sources = names.filter((name) => name.endsWith('.c'));
  const files = await runClang(
    ['clang', ...flags, ...particular, ...sources, '-o', 'kernels.wasm'],
    Object.fromEntries(names.map((name, i) => [name, texts[i]])),
  );
  return files['kernels.wasm'];
}

if (import.meta.url === new URL(process.argv[1], 'file:').href) {
  const root = new URL('../', import.meta.url);
  await mkdir(new URL('wasm/', root), { recursive: true });
  for (const module of kernelModules) {
    const bytes = await compileKernels(module);
    await writeFile(new URL(module.output, root), bytes);
    console.log(`${module.output}: ${bytes.length} bytes`);
  }
}
