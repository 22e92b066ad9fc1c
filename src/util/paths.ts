import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** A file that ships with the package, by its path from the package's top folder. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/**
 * The compiled entry of a worker thread, by its path under `src` without extension. Node runs no
 * TypeScript, so a worker is always started from `dist`, even when its caller is a test's source.
 */
export function workerEntry(path: string): URL {
  return new URL(`dist/${path}.js`, root);
}
