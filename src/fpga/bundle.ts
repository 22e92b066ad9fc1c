import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PackedModel } from '../model/packed.js';
import { listFiles } from '../util/files.js';
import { hashFile } from '../util/hash.js';
import { packageFile } from '../util/paths.js';
import type { DesignDocument } from './design-document.js';
import type { GoldenImage } from './golden.js';
import type { GoldenVector, NetworkDocument } from './host/bundle.js';
import type { StepMap } from './host/maps.js';
import { networkImage } from './image.js';
import { planNetwork } from './plan.js';
import { readMe } from './read-me.js';
import { mapOf } from './simulate.js';
import { fpgaTargets } from './targets.js';

/** How the RTL was proved to compute the trained network. */
export interface Verification {
  /** Whether the RTL was simulated; where not, `golden` has still to pass on a board. */
  readonly simulated: boolean;
  readonly simulator: string | null;
  /** Test images whose layers were compared, bit for bit. */
  readonly images: readonly number[];
  /** Names of the maps that were compared on each of these images; the last are the logits. */
  readonly layers: readonly string[];
  /** Values compared. */
  readonly values: number;
  /** Cycles of one image, from its bytes to its logits, as simulated. */
  readonly cyclesPerImage: number | null;
}

/** What `manifest.json` tells of a deployment folder. */
export interface Manifest {
  readonly format: 2;
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
  readonly golden: readonly GoldenImage[];
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

  const plan = planNetwork(model.shape, design.design);
  const { vectors, bytes } = layOutGolden(
    golden,
    plan.steps.map(({ step }) => mapOf(step)),
  );
  const { input } = model.shape;
  const network: NetworkDocument = {
    format: 2,
    imageBytes: input.height * input.width * input.channels,
    classes: model.classes,
    steps: plan.steps.map(({ step }) => mapOf(step)),
    vectors,
  };
  const weights = networkImage(model, plan, design.design);
  await writeFile(join(out, 'golden.bin'), bytes);
  await writeFile(join(out, 'network.json'), `${JSON.stringify(network, null, 1)}\n`);
  await writeFile(join(out, 'weights.bin'), littleEndian(new Uint16Array(weights.buffer)));
  await writeFile(join(out, 'README.md'), readMe(model.name, design, verification));

  const { part, board, target, tools } = design;
  const files: Record<string, { size: number; sha256: string }> = {};
  for (const path of await listFiles(out)) files[path] = await hashFile(join(out, path));
  const manifest: Manifest = {
    format: 2,
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

function littleEndian(halves: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: 2 * halves.length }, (_, i) => halves[i >> 1] >> (8 * (i & 1)));
}

function layOutGolden(golden: readonly GoldenImage[], steps: readonly StepMap[]) {
  const parts: Uint8Array[] = [];
  let size = 0;
  const add = (bytes: Uint8Array) => {
    parts.push(bytes);
    size += bytes.length;
    return size - bytes.length;
  };
  const vectors = golden.map(
    ({ image, pixels, maps }): GoldenVector => ({
      image,
      pixels: add(pixels),
      maps: maps.map((map, i) => map && add(littleEndian(wordsOf(steps[i], map.values)))),
    }),
  );
  return { vectors, bytes: Buffer.concat(parts) };
}

/** The words of a map as a map memory holds it. */
function wordsOf({ wordsPerValue }: StepMap, values: Int32Array): number[] {
  const halves = (value: number) => [value & 0xffff, (value >> 16) & 0xffff];
  return Array.from(values).flatMap((value) => halves(value).slice(0, wordsPerValue));
}

/** Reads a deployment folder's manifest. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
}
