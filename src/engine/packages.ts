import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { packageFile } from '../util/paths.js';

/** An installed package that an optional engine needs. */
export interface FoundPackage {
  readonly folder: string;
  readonly version: string;
  /** Its entry file. */
  readonly entry: string;
}

/**
 * The folder into which optional engines are installed, so that they outlive `npm ci`: `SNN_ENGINES`,
 * or `.engines` in the program's own folder.
 */
export function enginesFolder(): string {
  return resolve(process.env.SNN_ENGINES ?? packageFile('.engines'));
}

/** Looks for a package in the folder of the engines, then where the program finds its own; or null. */
export function findPackage(name: string): FoundPackage | null {
  const require = createRequire(import.meta.url);
  const places = [join(enginesFolder(), 'node_modules'), ...(require.resolve.paths(name) ?? [])];
  for (const place of places) {
    const folder = join(place, name);
    const description = join(folder, 'package.json');
    if (!existsSync(description)) continue;
    const { version, main } = JSON.parse(readFileSync(description, 'utf8'));
    return { folder, version, entry: join(folder, main) };
  }
  return null;
}

/** Like {@link findPackage} for a package that must be there; throws an Error that names it. */
export function requirePackage(name: string): FoundPackage {
  const found = findPackage(name);
  if (found === null) throw new Error(`${name} is not installed`);
  return found;
}
