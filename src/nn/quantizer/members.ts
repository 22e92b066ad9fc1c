import { readFileSync } from 'node:fs';
import { kernelCount, kernelElements } from '../../subbit/kernels.js';
import { chooseMembers as chooseInTypeScript } from '../../subbit/quantize.js';
import { representativeCount, type Subset } from '../../subbit/subset.js';
import { packageFile } from '../../util/paths.js';

/** Latent kernels that one call takes: few enough for the processor's nearest cache. */
const block = 512;
const lanes = 4;

const pageBytes = 64 * 1024;
/** The module's own memory: its stack lies in the first page. */
const latentsAt = pageBytes;
const codesAt = latentsAt + block * kernelElements * Float32Array.BYTES_PER_ELEMENT;
const indicesAt = codesAt + kernelCount * Uint16Array.BYTES_PER_ELEMENT;

interface Module {
  readonly choose: (...args: number[]) => void;
  readonly latents: Float32Array;
  readonly codes: Uint16Array;
  readonly indices: Uint16Array;
}

let started: Module | null = null;

function start(): Module {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const module = new WebAssembly.Module(readFileSync(packageFile('wasm/quantizer.wasm')));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const stack = exports.__stack_pointer as WebAssembly.Global;
  stack.value = pageBytes;
  return {
    choose: exports.choose_members as (...args: number[]) => void,
    latents: new Float32Array(memory.buffer, latentsAt, block * kernelElements),
    codes: new Uint16Array(memory.buffer, codesAt, kernelCount),
    indices: new Uint16Array(memory.buffer, indicesAt, block),
  };
}

/**
 * {@link chooseInTypeScript} in WebAssembly (members.c): the same indices, bit for bit.
 *
 * @param latents [kernels, 9]
 * @param indices [kernels], overwritten
 * @returns how many kernels changed their index
 */
export function chooseMembers(
  latents: Float32Array,
  subset: Pick<Subset, 'structure' | 'representatives'>,
  indices: Uint16Array,
): number {
  const { structure, representatives } = subset;
  if (representatives.length === representativeCount(kernelElements, structure)) {
    return chooseInTypeScript(latents, subset, indices);
  }
  started ??= start();
  const { choose, latents: some, codes, indices: chosen } = started;
  codes.set(representatives);
  let changed = 0;
  for (let from = 0; from < indices.length; from += block) {
    const count = Math.min(block, indices.length - from);
    some.set(latents.subarray(from * kernelElements, (from + count) * kernelElements));
    const kernels = Math.ceil(count / lanes) * lanes;
    const antipodal = structure === 'antipodal' ? 1 : 0;
    choose(latentsAt, codesAt, indicesAt, kernels, representatives.length, antipodal);
    for (let i = 0; i < count; i++) {
      if (indices[from + i] !== chosen[i]) changed++;
      indices[from + i] = chosen[i];
    }
  }
  return changed;
}
