import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canBuild, nativeTargets } from '../runtime/native/native.js';
import { Failure } from '../util/failure.js';
import type { Golden } from './golden.js';

/** Whether the library was compiled and gave what the reference gives. */
export type Proof =
  | {
      readonly proved: true;
      /** What the compiler calls itself. */
      readonly compiler: string;
      readonly builds: readonly Build[];
      readonly source: Golden['source'];
      readonly images: number;
      readonly layers: number;
      /** Values compared in each build. */
      readonly values: number;
    }
  | { readonly proved: false; readonly why: string };

/** Builds that are proved: for any machine of this kind, and with AVX2 where this one has it. */
const builds = ['generic', 'avx2'] as const;
type Build = (typeof builds)[number];

/** The compiler, and its options as the folder's Makefile has them. */
const { compiler } = nativeTargets.generic;
const options = ['-O3', '-std=c11', '-fwrapv', '-fno-strict-aliasing', '-Isnn', '-Imodel'];
const sources = ['snn/snn.c', 'model/model.c', 'test/golden.c'];

/** Why a folder is not proved where there is no compiler, and what to do about it. */
const noCompiler = 'no C compiler: install one (apt install gcc) and deploy again';

/** What a program printed and how it ended. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { cwd, signal }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error && child.exitCode === null) return reject(error);
      resolve({ code: child.exitCode, output: `${stdout}${stderr}`.trim() });
    });
  });
}

/**
 * Compiles a deployment folder's library with `cc` and runs its golden images, every build of it.
 *
 * @throws Failure of kind `tool` that names the first image, layer, channel and position that differ
 */
export async function prove(folder: string, golden: Golden, signal: AbortSignal): Promise<Proof> {
  const able = builds.filter(canBuild);
  if (!able.includes('generic')) return { proved: false, why: noCompiler };
  const scratch = await mkdtemp(join(tmpdir(), 'snn-prove-'));
  try {
    for (const build of able) {
      const program = join(scratch, build);
      const flags = [...options, ...nativeTargets[build].flags, ...sources, '-o', program];
      const compiled = await run(compiler, flags, folder, signal);
      if (compiled.code !== 0) throw notCompiled(build, compiled.output);
      const { code, output } = await run(program, ['test/golden.bin'], folder, signal);
      if (code !== 0) throw differing(build, output);
    }
    const { output } = await run(compiler, ['--version'], folder, signal);
    const { source, images, values, layers } = golden;
    const done = { compiler: output.split('\n')[0], builds: able, source, images, values };
    return { proved: true, ...done, layers: layers.length };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function notCompiled(build: Build, output: string): Failure {
  const lines = output.split('\n');
  const told = lines.find((line) => /error/i.test(line)) ?? lines[0];
  return new Failure('tool', `${compiler} does not compile the library (${build}): ${told}`, [
    `see what ${compiler} --version says: GCC 9 or Clang 14 and later are known to do`,
  ]);
}

function differing(build: Build, output: string): Failure {
  const where = output.split('\n')[0] || 'it crashed';
  return new Failure(
    'tool',
    `the compiled library differs from the reference (${build}): ${where}`,
    ['this is a fault of the library or of the compiler, not of the network: please report it'],
  );
}
