import { readFile } from 'node:fs/promises';
import { packageFile } from './paths.js';

/** This program's name and version, as artifacts tell what made them: `subbit-bench 0.1.0`. */
export async function toolVersion(): Promise<string> {
  const { name, version } = JSON.parse(await readFile(packageFile('package.json'), 'utf8'));
  return `${name} ${version}`;
}
