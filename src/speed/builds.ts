import type { VectorBytes } from '../runtime/binary-conv.js';
import { loadProgram, operate } from '../runtime/machine.js';
import {
  buildNative,
  canBuild,
  type NativeBuild,
  type NativeTarget,
  nativeTimer,
} from '../runtime/native/native.js';
import type { Program } from '../runtime/program.js';
import { Failure } from '../util/failure.js';
import { mapValues } from '../util/record.js';
import { inRounds, leastTime, type Rounds } from '../util/timing.js';

/** The kernels as compiled for WebAssembly, or by this machine's C compiler. */
export type BuildName = 'wasm' | NativeTarget;

/** Milliseconds of every operation, [runs, operations]. */
export type OperationTimes = readonly (readonly number[])[];

/** A build of the kernels, whose operations can be timed on one thread. */
export interface Build {
  readonly name: BuildName;
  readonly vector: VectorBytes;
  /** Runs that one call of a sampler times at least. */
  readonly runs: number;
  /** Makes a program ready: each call of what comes back runs it on the image. */
  readonly sampler: (program: Program, image: Uint8Array) => () => Promise<OperationTimes>;
}

/** WebAssembly, in this process. */
export const wasmBuild: Build = {
  name: 'wasm',
  vector: 16,
  runs: 1,
  sampler: (program, image) => {
    const operator = operate(loadProgram(program, 1), 0);
    operator.run(image);
    const run = () =>
      program.operations.map((_, i) => {
        const started = performance.now();
        operator.step(i);
        return performance.now() - started;
      });
    return async () => {
      const runs = [];
      const started = performance.now();
      do runs.push(run());
      while (performance.now() - started < leastTime);
      return runs;
    };
  },
};

/** Native programs are processes: each times so many runs, that starting it matters little. */
const runsPerProcess = 5;

function nativeBuildOf(name: NativeTarget, build: NativeBuild): Build {
  return {
    name,
    vector: build.vector,
    runs: runsPerProcess,
    sampler: (program, image) => {
      const timer = nativeTimer(build, program, image);
      return () => timer(runsPerProcess);
    },
  };
}

/** The best that this machine's C compiler can build; null without one. */
export function nativeTarget(): NativeTarget | null {
  return (['avx2', 'generic'] as const).find(canBuild) ?? null;
}

/**
 * Compiles the kernels natively into `folder`.
 *
 * @throws Failure of kind `tool` where the compiler fails
 */
export async function compileNative(
  target: NativeTarget,
  folder: string,
  signal?: AbortSignal,
): Promise<Build> {
  try {
    return nativeBuildOf(target, await buildNative(target, folder, signal));
  } catch (error) {
    signal?.throwIfAborted();
    const [first] = String(error instanceof Error ? error.message : error).split('\n', 1);
    throw new Failure('tool', `cc cannot compile the kernels: ${first}`, [
      'leave the native build out: --no-native',
    ]);
  }
}

/** Times every operation of several programs on one thread, a program a rival; see {@link inRounds}. */
export async function operationTimes<Name extends string>(
  { runs, sampler }: Build,
  programs: Readonly<Record<Name, Program>>,
  image: (program: Program) => Uint8Array,
  { repeats, signal }: Rounds,
): Promise<Record<Name, OperationTimes>> {
  const samplers = mapValues(programs, (program) => sampler(program, image(program)));
  const rounds = { repeats: Math.ceil(repeats / runs), signal };
  return mapValues(await inRounds(samplers, rounds), (samples) => samples.flat());
}
