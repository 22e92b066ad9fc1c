import { execFile } from 'node:child_process';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { findDataSet } from '../data/load.js';
import { probeEngine } from '../engine/registry.js';
import { Failure } from '../util/failure.js';
import { orIfMissing } from '../util/files.js';
import { type Probe, type Requirement, requirements } from './requirements.js';

/** A requirement and what was found of it. */
export interface Finding extends Omit<Requirement, 'probe'> {
  /** Version or place; null: it is missing. */
  readonly found: string | null;
  /** Why it counts as missing, where there is more to say. */
  readonly why: string | null;
}

/** Where artifacts go. */
export interface StoreRoom {
  readonly path: string;
  readonly writable: boolean;
  /** Bytes. */
  readonly free: number;
}

/** Looks for everything in the table of requirements. */
export function examineRequirements(): Promise<Finding[]> {
  return Promise.all(
    requirements.map(async ({ probe, ...requirement }) => ({
      ...requirement,
      ...(await answer(probe)),
    })),
  );
}

/** The store's folder or, until that is created, the nearest folder above it that exists. */
export async function examineStore(path: string): Promise<StoreRoom> {
  let existing = path;
  while (!(await isThere(existing)) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return { path, writable: await isThere(existing, constants.W_OK), free: bavail * bsize };
}

async function answer(probe: Probe): Promise<Pick<Finding, 'found' | 'why'>> {
  if (probe.kind !== 'engine') return { found: await look(probe), why: null };
  const engine = await probeEngine(probe.name);
  if (!engine.found) return { found: null, why: engine.why };
  return { found: `${engine.version}, on ${engine.device}`, why: null };
}

function look(probe: Exclude<Probe, { kind: 'engine' }>): Promise<string | null> | string | null {
  switch (probe.kind) {
    case 'node':
      return isAtLeast(process.versions.node, probe.atLeast) ? process.versions.node : null;
    case 'simd':
      return WebAssembly.validate(simdModule) ? 'supported' : null;
    case 'package':
      return packageVersion(probe.name);
    case 'program':
      return probe.version === null
        ? findOnPath(probe.name)
        : programVersion(probe.name, probe.version);
    case 'data':
      return dataFolder(probe.set);
  }
}

/** Compares versions of the form 20.19.0. */
function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

/** A module with one function that uses a 128-bit vector: `i32.const 0; i8x16.splat; drop`. */
const simdModule = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 0x0f, 0x1a, 0x0b],
);

async function packageVersion(name: string): Promise<string | null> {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const text = await orIfMissing(readFile(join(folder, name, 'package.json'), 'utf8'), null);
    if (text !== null) return JSON.parse(text).version;
  }
  return null;
}

async function findOnPath(program: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (folder !== '' && (await isThere(path, constants.X_OK))) return path;
  }
  return null;
}

/** First line that the program prints of its version; its place if it prints none; null if absent. */
async function programVersion(name: string, args: readonly string[]): Promise<string | null> {
  const path = await findOnPath(name);
  if (path === null) return null;
  const printed = await new Promise<string>((resolve) => {
    execFile(path, [...args], { timeout: 10_000 }, (_, stdout, stderr) =>
      resolve(stdout || stderr),
    );
  });
  return printed.trim().split('\n')[0] || path;
}

function dataFolder(set: Extract<Probe, { kind: 'data' }>['set']): string | null {
  try {
    return findDataSet({ set, path: null });
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

async function isThere(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
