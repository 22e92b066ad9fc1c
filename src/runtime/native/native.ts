import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LayerTrace } from '../../model/trace.js';
import { packageFile } from '../../util/paths.js';
import type { VectorBytes } from '../binary-conv.js';
import { encodeImage } from '../image.js';
import type { Program } from '../program.js';

/** The kernels compiled by a C compiler. */
export interface NativeBuild {
  /** What runs them: a program and what is said to it first. */
  readonly command: readonly [string, ...string[]];
  /** What programs for it must be compiled for. */
  readonly vector: VectorBytes;
}

/** How the kernels can be built: for any machine, for one with AVX2, or for AArch64, which may be emulated. */
export const nativeTargets = {
  generic: { compiler: 'cc', flags: [], emulator: null, vector: 16 },
  avx2: { compiler: 'cc', flags: ['-mavx2'], emulator: null, vector: 32 },
  neon: {
    compiler: 'aarch64-linux-gnu-gcc',
    flags: ['-static'],
    emulator: 'qemu-aarch64',
    vector: 16,
  },
} as const;

export type NativeTarget = keyof typeof nativeTargets;

/** Whether this machine can build for a target and run that: it has a C compiler, and AVX2 or an emulator. */
export function canBuild(target: NativeTarget): boolean {
  const { compiler, emulator } = nativeTargets[target];
  const native = target === 'avx2' ? ['-march=native'] : [];
  const ask = (command: string, options: readonly string[]) =>
    execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    if (emulator !== null) ask(emulator, ['--version']);
    const macros = ask(compiler, [...native, '-dM', '-E', '-x', 'c', '/dev/null']);
    return target !== 'avx2' || macros.includes('__AVX2__');
  } catch {
    return false;
  }
}

/** Compiles the kernels into `folder`; rejects with what the compiler said. */
export async function buildNative(
  target: NativeTarget,
  folder: string,
  signal?: AbortSignal,
): Promise<NativeBuild> {
  const { compiler, flags, emulator, vector } = nativeTargets[target];
  const executable = join(folder, `kernels-${target}`);
  const source = packageFile('src/runtime/native/main.c');
  const strict = ['-O3', '-std=gnu11', '-Wall', '-Wextra', '-Werror'];
  const options = [...strict, ...flags, source, '-o', executable];
  await promisify(execFile)(compiler, options, signal ? { signal } : {});
  return { command: emulator === null ? [executable] : [emulator, executable], vector };
}

const labels = { name: 'program', classes: [], logitScale: 1 };

/** A program and the pixels of an image as native/main.c reads them. */
function encode(program: Program, pixels: Uint8Array): Buffer {
  const image = encodeImage(program, labels);
  return Buffer.concat([Buffer.from(Uint32Array.of(image.length).buffer), image, pixels]);
}

/** Runs a program on an image: its maps, in their order. */
export function runNative(
  { command: [command, ...first] }: NativeBuild,
  program: Program,
  pixels: Uint8Array,
): LayerTrace[] {
  const sizes = program.maps.map(({ shape }) => shape.height * shape.width * shape.channels);
  const bytes = execFileSync(command, [...first, 'probe'], {
    input: encode(program, pixels),
    maxBuffer: 4 * sizes.reduce((a, b) => a + b, 0) + 1,
  });
  let at = 0;
  return program.maps.map(({ name, shape }, i) => {
    const from = at;
    at += 4 * sizes[i];
    return { name, shape, values: new Int32Array(new Uint8Array(bytes.subarray(from, at)).buffer) };
  });
}

/**
 * Makes a program ready to be timed: each call runs it on the image once, then `runs` times.
 *
 * @returns milliseconds of every operation, [runs, operations]
 */
export function nativeTimer(
  { command: [command, ...first] }: NativeBuild,
  program: Program,
  pixels: Uint8Array,
): (runs: number) => Promise<number[][]> {
  const input = encode(program, pixels);
  return async (runs) => {
    const options = [...first, 'time', String(runs)];
    const timed = promisify(execFile)(command, options, { maxBuffer: 2 ** 26 });
    timed.child.stdin?.on('error', () => {}).end(input);
    const { stdout } = await timed;
    const lines = stdout.trim().split('\n');
    return lines.map((line) => line.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6));
  };
}
