import { readFileSync } from 'node:fs';
import { packageFile } from '../util/paths.js';
import { barrierWords, meet } from './barrier.js';
import { aligned } from './constants.js';
import { type PlacedMap, type Program, readMap } from './program.js';

const pageBytes = 64 * 1024;
const stackBytes = 64 * 1024;

/** Bytes at the start of the memory that stay unused, so that no address is 0. */
const reserved = 1024;

/** A program in shared memory, with an arena and a scratch of its own for each of its threads. */
export interface Machine {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly program: Omit<Program, 'constants'>;
  readonly constants: number;
  /** Address of each operation. */
  readonly operations: readonly number[];
  /** Address of the words at which all threads meet (runtime/barrier.ts). */
  readonly barrier: number;
  readonly threads: readonly {
    readonly stack: number;
    readonly arena: number;
    readonly scratch: number;
  }[];
}

/** One thread's hold on a machine. */
export interface Operator {
  /** Runs the whole program on an image, and `behind` each of its operations. */
  readonly run: (image: Uint8Array, behind?: (operation: number) => void) => void;
  /**
   * Runs the program on an image together with all the other threads, each a share of every
   * operation. The logits are there for the first thread.
   */
  readonly runTogether: (image: Uint8Array) => void;
  /** Runs one operation. */
  readonly step: (operation: number) => void;
  /** Copies a map out of this thread's arena, [height, width, channels]. */
  readonly read: (map: PlacedMap) => Int32Array;
}

/** Compiled once a thread. */
let compiled: WebAssembly.Module | null = null;

function runtimeModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(packageFile('wasm/runtime.wasm')));
  return compiled;
}

/** Puts a program into memory. A machine can be handed to other threads: nothing is copied. */
export function loadProgram(program: Program, threads: number): Machine {
  const { constants, ...outline } = program;
  let bytes = reserved;
  const take = (size: number) => {
    const at = bytes;
    bytes += aligned(size);
    return at;
  };
  const constantsAt = take(constants.length);
  const operations = program.operations.map(({ words }) => take(words.byteLength));
  const barrier = take(4 * barrierWords);
  const places = Array.from({ length: threads }, () => ({
    stack: take(stackBytes) + stackBytes,
    arena: take(program.arenaBytes),
    scratch: take(program.scratchBytes),
  }));
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(memory.buffer).set(constants, constantsAt);
  program.operations.forEach(({ words }, i) => {
    new Int32Array(memory.buffer, operations[i], words.length).set(words);
  });
  const module = runtimeModule();
  return {
    module,
    memory,
    program: outline,
    constants: constantsAt,
    operations,
    barrier,
    threads: places,
  };
}

/** Takes hold of a machine as its thread number `thread`. */
export function operate(machine: Machine, thread: number): Operator {
  const { memory, program, constants, operations } = machine;
  const { stack, arena, scratch } = machine.threads[thread];
  const { exports } = new WebAssembly.Instance(machine.module, { env: { memory } });
  (exports.__stack_pointer as WebAssembly.Global).value = stack;
  const kernel = exports.run as (...args: number[]) => void;
  const { offset, bytes } = program.image;
  const parts = machine.threads.length;
  const [first] = machine.threads;
  const barrier = new Int32Array(memory.buffer, machine.barrier, barrierWords);
  const put = (pixels: Uint8Array, into: number) => {
    new Uint8Array(memory.buffer, into + offset, bytes).set(pixels);
  };
  const step = (operation: number) => {
    kernel(constants, arena, scratch, operations[operation], 0, 1);
  };
  return {
    step,
    run: (pixels, behind) => {
      put(pixels, arena);
      for (let i = 0; i < operations.length; i++) {
        step(i);
        behind?.(i);
      }
    },
    runTogether: (pixels) => {
      if (thread === 0) put(pixels, arena);
      meet(barrier, parts);
      for (const operation of operations) {
        kernel(constants, first.arena, scratch, operation, thread, parts);
        meet(barrier, parts);
      }
    },
    read: (map) => readMap(memory.buffer, arena, map),
  };
}
