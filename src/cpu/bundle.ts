import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackedModel } from '../model/packed.js';
import type { VectorBytes } from '../runtime/binary-conv.js';
import { compile } from '../runtime/compile.js';
import { encodeImage, labelsOf } from '../runtime/image.js';
import type { Program } from '../runtime/program.js';
import { listFiles } from '../util/files.js';
import { hashFile } from '../util/hash.js';
import { packageFile } from '../util/paths.js';
import { cArray } from './c-array.js';
import type { Golden } from './golden.js';
import type { Proof } from './prove.js';
import { readMe } from './read-me.js';
import { sampleFile } from './sample.js';

/** What one of a folder's two images takes: in flash, and in memory while it runs. */
export interface ImageSize {
  /** Bytes of vectors that it is made for. */
  readonly vector: VectorBytes;
  readonly imageBytes: number;
  readonly memoryBytes: number;
}

/** What `manifest.json` tells of a folder. */
export interface CpuManifest {
  readonly format: 1;
  readonly target: 'cpu';
  readonly name: string;
  /** Where the model is from: its trained network, its spec, the program that packed it. */
  readonly provenance: PackedModel['provenance'];
  readonly images: readonly ImageSize[];
  readonly proof: Proof;
  /** Images whose logits `web/` gave in Node, equal to the reference's. */
  readonly web: { readonly images: number };
  /** Every other file of the folder, by its path. */
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
}

/** A packed model compiled for either kind of vectors. */
export interface Compiled {
  readonly model: PackedModel;
  /** The bytes of its file. */
  readonly bytes: Uint8Array;
  readonly programs: readonly Program[];
}

export function compileForCpu(model: PackedModel, bytes: Uint8Array): Compiled {
  const vectors: readonly VectorBytes[] = [16, 32];
  return {
    model,
    bytes,
    programs: vectors.map((vector) => compile(model, { vector, kernel: null })),
  };
}

/** Headers and sources of the library, from where they are in this package. */
const library = {
  snn: 'src/runtime/c',
  kernels: 'src/runtime/kernels',
  '.': 'src/cpu/folder',
} as const;

/** Fills `out` with everything but README.md and manifest.json: what can be compiled and proved. */
export async function writeLibrary(
  out: string,
  { model, bytes, programs }: Compiled,
  golden: Golden,
  sample: Uint8Array,
): Promise<void> {
  for (const [folder, source] of Object.entries(library)) {
    for (const path of await listFiles(packageFile(source))) {
      if (path === 'kernels.c') continue;
      await mkdir(dirname(join(out, folder, path)), { recursive: true });
      await cp(join(packageFile(source), path), join(out, folder, path));
    }
  }
  for (const program of programs) {
    const image = encodeImage(program, labelsOf(model));
    await writeFile(join(out, `model/vectors-${program.vector}.inc`), cArray(image));
  }
  await writeFile(join(out, 'test/golden.bin'), golden.bytes);
  await writeFile(join(out, 'model.snn'), bytes);
  await cp(packageFile('LICENSE'), join(out, 'LICENSE'));
  const { name, bytes: file } = sampleFile(model, sample);
  await writeFile(join(out, 'example', name), file);
}

function sizeOf(model: PackedModel, program: Program): ImageSize {
  return {
    vector: program.vector,
    imageBytes: encodeImage(program, labelsOf(model)).length,
    memoryBytes: program.arenaBytes + program.scratchBytes,
  };
}

/** Adds README.md, and manifest.json with the digest of every file. */
export async function writeManifest(
  out: string,
  { model, programs }: Compiled,
  golden: Golden,
  proof: Proof,
): Promise<CpuManifest> {
  const images = programs.map((program) => sizeOf(model, program));
  await writeFile(join(out, 'README.md'), readMe(model, images, golden, proof));
  const files: Record<string, { size: number; sha256: string }> = {};
  for (const path of await listFiles(out)) files[path] = await hashFile(join(out, path));
  const { name, provenance } = model;
  const manifest: CpuManifest = {
    format: 1,
    target: 'cpu',
    name,
    provenance,
    images,
    proof,
    web: { images: golden.images },
    files,
  };
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}
