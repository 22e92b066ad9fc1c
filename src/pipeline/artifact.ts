import { lstat, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listFiles, orIfMissing, sync } from '../util/files.js';
import { hashFile, sha256 } from '../util/hash.js';
import { canonicalJson, isRecord } from '../util/json.js';
import type { Metrics } from './events.js';
import { fingerprint, type Recipe } from './fingerprint.js';

/** One file of an artifact. */
export interface FileEntry {
  /** From the artifact's folder, `/` between the parts. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** What `artifact.json` says: how the artifact was made and what it holds. */
export interface Manifest extends Recipe {
  readonly format: 1;
  readonly fingerprint: string;
  /** Sorted by path; `artifact.json` itself is not listed. */
  readonly files: readonly FileEntry[];
  /** SHA-256 over the canonical JSON of `files`. */
  readonly digest: string;
  readonly metrics: Metrics;
  /** That the stage ran. */
  readonly seconds: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** A finished artifact in the store. */
export interface Artifact {
  /** Its folder. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** What a look into the store found under a fingerprint. */
export type Found =
  | { readonly state: 'intact'; readonly artifact: Artifact }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly file: string; readonly problem: string };

/** Name of the file that makes a folder an artifact. */
export const manifestName = 'artifact.json';

/**
 * Turns a folder of files into an artifact: lists and hashes the files, waits until they are on disk
 * and writes `artifact.json` last. Rejects when a file has that name already or is none (a link, a pipe).
 */
export async function sealArtifact(
  folder: string,
  recipe: Recipe,
  facts: Pick<Manifest, 'metrics' | 'seconds'>,
): Promise<Manifest> {
  const files: FileEntry[] = [];
  for (const path of await listFiles(folder)) {
    if (!(await lstat(join(folder, path))).isFile()) {
      throw new Error(`${recipe.stage} left something that is no file: ${path}`);
    }
    files.push({ path, ...(await hashFile(join(folder, path))) });
    await sync(join(folder, path));
  }
  const manifest: Manifest = {
    format: 1,
    ...recipe,
    fingerprint: fingerprint(recipe),
    files,
    digest: digestOf(files),
    ...facts,
    createdAt: new Date().toISOString(),
  };
  const text = JSON.stringify({ ...manifest, seal: sealOf(manifest) }, null, 2);
  const handle = await open(join(folder, manifestName), 'wx');
  try {
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  for (const inner of new Set(files.map(({ path }) => dirname(join(folder, path))))) {
    await sync(inner);
  }
  await sync(folder);
  return manifest;
}

/** Names what the files hold, whatever the time and place of their making. */
function digestOf(files: readonly FileEntry[]): string {
  return sha256(canonicalJson(files));
}

/** Guards the manifest itself, figures and times included, against flipped bits. */
function sealOf(manifest: Manifest): string {
  return sha256(canonicalJson(manifest));
}

/** Looks at the artifact in `folder` and checks every byte of it. */
export async function inspectArtifact(folder: string): Promise<Found> {
  const names = await orIfMissing(listFiles(folder), null);
  if (names === null) return { state: 'absent' };
  const text = await orIfMissing(readFile(join(folder, manifestName), 'utf8'), null);
  if (text === null) return damaged(manifestName, 'is missing');
  const manifest = parseManifest(text);
  if (typeof manifest === 'string') return damaged(manifestName, manifest);

  const present = new Set(names);
  present.delete(manifestName);
  for (const entry of manifest.files) {
    if (!present.delete(entry.path)) return damaged(entry.path, 'is missing');
    const check = checkFile(join(folder, entry.path), entry);
    const problem = await orIfMissing(check, 'is missing');
    if (problem !== null) return damaged(entry.path, problem);
  }
  for (const path of present) return damaged(path, 'does not belong to it');
  return { state: 'intact', artifact: { path: folder, manifest } };
}

function damaged(file: string, problem: string): Found {
  return { state: 'damaged', file, problem };
}

async function checkFile(path: string, entry: FileEntry): Promise<string | null> {
  const status = await lstat(path);
  if (!status.isFile()) return 'is no regular file';
  const { size } = status;
  if (size !== entry.size) return `has ${size} bytes instead of ${entry.size}`;
  const found = await hashFile(path);
  return found.sha256 === entry.sha256 ? null : 'has been altered (its SHA-256 differs)';
}

/** Reads the manifest in `folder` without looking at the files; null if it is missing or damaged. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const text = await orIfMissing(readFile(join(folder, manifestName), 'utf8'), null);
  const manifest = text === null ? 'is missing' : parseManifest(text);
  return typeof manifest === 'string' ? null : manifest;
}

/** The manifest that `text` holds, or what is wrong with it. */
function parseManifest(text: string): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  if (!isRecord(value)) return 'is no object';
  const { seal, ...rest } = value;
  if (!isManifest(rest)) return 'lacks a field or has one of the wrong type';
  if (seal !== sealOf(rest)) return 'has been altered (its seal differs)';
  if (rest.digest !== digestOf(rest.files)) return 'has a digest that is not that of its files';
  if (rest.fingerprint !== fingerprint(rest)) return 'has a fingerprint that is not its own';
  return rest;
}

function isManifest(value: Readonly<Record<string, unknown>>): value is Manifest & typeof value {
  return (
    value.format === 1 &&
    ['stage', 'fingerprint', 'digest', 'createdAt'].every(
      (key) => typeof value[key] === 'string',
    ) &&
    ['version', 'seconds'].every((key) => typeof value[key] === 'number') &&
    ['slice', 'environment'].every((key) => value[key] !== undefined) &&
    isRecord(value.metrics) &&
    isRecord(value.inputs) &&
    Object.values(value.inputs).every((digest) => typeof digest === 'string') &&
    Array.isArray(value.files) &&
    value.files.every(isFileEntry)
  );
}

function isFileEntry(value: unknown): value is FileEntry {
  return (
    isRecord(value) &&
    typeof value.path === 'string' &&
    typeof value.size === 'number' &&
    typeof value.sha256 === 'string'
  );
}
