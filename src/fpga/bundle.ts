import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PackedModel } from '../model/packed.js';
import { listFiles } from '../util/files.js';
import { hashFile } from '../util/hash.js';
import { packageFile } from '../util/paths.js';
import { halvesPerWord } from './design.js';
import type { DesignDocument } from './design-document.js';
import type { GoldenLayer } from './golden.js';
import type { GoldenVector, NetworkImage } from './host/bundle.js';
import { layerOffset, packWeights } from './image.js';
import { readMe } from './read-me.js';
import { fpgaTargets } from './targets.js';

/** How the RTL was proved to compute the trained network. */
export interface Verification {
  /** Whether the RTL was simulated; where not, `golden` has still to pass on a board. */
  readonly simulated: boolean;
  readonly simulator: string | null;
  /** Test images whose layers were compared, bit for bit. */
  readonly images: readonly number[];
  /** Names of the layers that were compared on each of these images. */
  readonly layers: readonly string[];
  /** Accumulators compared. */
  readonly values: number;
  /** Cycles of all binary layers on one image, as simulated. */
  readonly cyclesPerImage: number | null;
}

/** What `manifest.json` tells of a deployment folder. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly target: string;
  readonly part: string;
  readonly board: string;
  readonly tools: Readonly<Record<string, string>>;
  /** Digests of the artifacts that the folder was made from, by stage. */
  readonly artifacts: Readonly<Record<string, string>>;
  readonly verification: Verification;
  /** Every other file of the folder, by its path. */
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
}

/** What a deployment folder is made of. */
export interface BundleContent {
  /** Folder with bitstream.bin and design.json. */
  readonly synthesized: string;
  /** The packed model's file. */
  readonly modelFile: string;
  readonly model: PackedModel;
  readonly design: DesignDocument;
  readonly golden: readonly GoldenLayer[];
  readonly verification: Verification;
  readonly artifacts: Readonly<Record<string, string>>;
}

/** Fills `out` with everything that a board needs, and a manifest with the digest of every file. */
export async function writeBundle(out: string, content: BundleContent): Promise<Manifest> {
  const { synthesized, modelFile, model, design, golden, verification } = content;
  await copyFile(join(synthesized, 'bitstream.bin'), join(out, 'bitstream.bin'));
  await copyFile(join(synthesized, 'design.json'), join(out, 'design.json'));
  await copyFile(modelFile, join(out, 'model.snn'));
  const { top } = fpgaTargets[design.target];
  await copyFile(packageFile(`hw/boards/${top}.pcf`), join(out, 'pins.pcf'));
  await writeHost(join(out, 'host'));

  const { vectors, bytes } = layOutGolden(golden);
  const network: NetworkImage = {
    format: 1,
    offsets: design.layers.map((plan, i) => layerOffset(plan, model.blocks[i].conv, design.design)),
    weightBanks: halvesPerWord(design.design).weights,
    activationBanks: halvesPerWord(design.design).activations,
    vectors,
  };
  await writeFile(join(out, 'golden.bin'), bytes);
  await writeFile(join(out, 'network.json'), `${JSON.stringify(network, null, 1)}\n`);
  await writeFile(join(out, 'weights.bin'), weightBytes(model, design));
  await writeFile(join(out, 'README.md'), readMe(model.name, design, verification));

  const { part, board, target, tools } = design;
  const files: Record<string, { size: number; sha256: string }> = {};
  for (const path of await listFiles(out)) files[path] = await hashFile(join(out, path));
  const manifest: Manifest = {
    format: 1,
    name: model.name,
    ...{ target, part, board, tools },
    artifacts: content.artifacts,
    verification,
    files,
  };
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The host program: the compiled driver, which needs nothing but Node. */
async function writeHost(folder: string): Promise<void> {
  await mkdir(folder);
  const source = packageFile('dist/fpga/host');
  const compiled = (await listFiles(source)).filter((path) => path.endsWith('.js'));
  for (const path of compiled) await cp(join(source, path), join(folder, basename(path)));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
}

function weightBytes(model: PackedModel, { layers, design }: DesignDocument): Uint8Array {
  const halves = layers.flatMap((plan, i) => [...packWeights(plan, model.blocks[i].conv, design)]);
  return littleEndian(halves);
}

function littleEndian(halves: readonly number[]): Uint8Array {
  return Uint8Array.from(halves.flatMap((half) => [half & 0xff, (half >> 8) & 0xff]));
}

function layOutGolden(golden: readonly GoldenLayer[]) {
  const bytes: number[] = [];
  const vectors: GoldenVector[] = [];
  for (const { layer, image, bits, accumulators } of golden) {
    const bitsAt = bytes.length;
    for (let i = 0; i < bits.length; i += 8) {
      bytes.push(bits.subarray(i, i + 8).reduce((byte, bit, j) => byte | (bit << j), 0));
    }
    vectors.push({ layer, image, bits: bitsAt, accumulators: bytes.length });
    for (const byte of littleEndian([...accumulators])) bytes.push(byte);
  }
  return { vectors, bytes: Uint8Array.from(bytes) };
}

/** Reads a deployment folder's manifest. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
}
