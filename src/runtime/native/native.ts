import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageFile } from '../../util/paths.js';
import type { VectorBytes } from '../binary-conv.js';
import { type PlacedMap, type Program, readMap } from '../program.js';

/** The kernels compiled by this machine's C compiler. */
export interface NativeBuild {
  readonly executable: string;
  /** What programs for it must be compiled for. */
  readonly vector: VectorBytes;
}

/** How the kernels can be built: for any machine, or for one with AVX2. */
export const nativeFlags = { generic: [], avx2: ['-mavx2'] } as const;

/** Whether this machine has a C compiler, and AVX2 where that is asked for. */
export function canBuild(target: keyof typeof nativeFlags): boolean {
  try {
    const macros = execFileSync('cc', ['-march=native', '-dM', '-E', '-x', 'c', '/dev/null'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return target === 'generic' || macros.includes('__AVX2__');
  } catch {
    return false;
  }
}

/** Compiles the kernels into `folder` with `cc`. */
export function buildNative(target: keyof typeof nativeFlags, folder: string): NativeBuild {
  const executable = join(folder, `kernels-${target}`);
  const source = packageFile('src/runtime/native/main.c');
  const flags = ['-O3', '-std=gnu11', '-Wall', '-Wextra', '-Werror', ...nativeFlags[target]];
  execFileSync('cc', [...flags, source, '-o', executable], { stdio: ['ignore', 'ignore', 'pipe'] });
  return { executable, vector: target === 'avx2' ? 32 : 16 };
}

/** A program and its image as native/main.c reads them. */
function encode(program: Program, image: Uint8Array): Buffer {
  const { vector, constants, operations, arenaBytes, scratchBytes } = program;
  const words = [
    ...[vector, constants.length, arenaBytes, scratchBytes],
    ...[program.image.offset, program.image.bytes, operations.length],
    ...operations.flatMap((operation) => [operation.words.length, ...operation.words]),
  ];
  return Buffer.concat([Buffer.from(Int32Array.from(words).buffer), constants, image]);
}

/** Runs a program on an image: a reader of its maps. */
export function runNative(
  { executable }: NativeBuild,
  program: Program,
  image: Uint8Array,
): (map: PlacedMap) => Int32Array {
  const arena = execFileSync(executable, ['run'], {
    input: encode(program, image),
    maxBuffer: program.arenaBytes + 1,
  });
  const bytes = new Uint8Array(arena);
  return (map) => readMap(bytes.buffer, 0, map);
}

/** Milliseconds of every operation: the least of several rounds. */
export function timeNative(
  { executable }: NativeBuild,
  program: Program,
  image: Uint8Array,
  rounds: number,
): number[] {
  const lines = execFileSync(executable, ['time', String(rounds)], {
    input: encode(program, image),
    encoding: 'utf8',
  });
  return lines
    .trim()
    .split('\n')
    .map((line) => Number(line) / 1e6);
}
