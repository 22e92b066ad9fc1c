import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder in which fetched data sets are kept, one folder each, for all projects of a user:
 * `SNN_DATA`, or `snn/data` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`).
 */
export function dataCache(environment: NodeJS.ProcessEnv = process.env): string {
  const { SNN_DATA: own, XDG_CACHE_HOME: caches } = environment;
  return own ? resolve(own) : join(caches || join(homedir(), '.cache'), 'snn', 'data');
}
