/** Compiles the C kernels to the WebAssembly modules that ship in wasm/. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { runClang } from '@yowasp/clang';

const flags = [
  ...['-O3', '-std=c11', '-Wall', '-Wextra', '-Werror', '-ffp-contract=off'],
  ...['--target=wasm32', '-msimd128', '-mbulk-memory', '-nostdlib'],
  ...['-Wl,--no-entry', '-Wl,--import-memory', '-Wl,--export=__stack_pointer'],
];

/** Modules to build: the C source of each and where its WebAssembly goes. */
export const kernelModules = [{ source: 'src/engine/kernels/train.c', output: 'wasm/train.wasm' }];

/** Compiles one C source, read relative to the package's top folder, to WebAssembly. */
export async function compileKernels(source) {
  const root = new URL('../', import.meta.url);
  const text = await readFile(new URL(source, root), 'utf8');
  const files = await runClang(['clang', ...flags, 'kernels.c', '-o', 'kernels.wasm'], {
    'kernels.c': text,
  });
  return files['kernels.wasm'];
}

if (import.meta.url === new URL(process.argv[1], 'file:').href) {
  const root = new URL('../', import.meta.url);
  await mkdir(new URL('wasm/', root), { recursive: true });
  for (const { source, output } of kernelModules) {
    const module = await compileKernels(source);
    await writeFile(new URL(output, root), module);
    console.log(`${output}: ${module.length} bytes`);
  }
}
