import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from './failure.js';
import { orIfMissing } from './files.js';

/**
 * Puts a new folder in place of `output`, whole or not at all: `fill` fills a draft beside it, which is
 * renamed. What stood there is replaced if it is empty or an earlier one, which holds all of `marks`.
 *
 * @throws Failure of kind `input` where `output` holds anything else
 */
export async function replaceFolder<Value>(
  output: string,
  marks: readonly string[],
  fill: (draft: string) => Promise<Value>,
): Promise<Value> {
  if (!(await isReplaceable(output, marks))) {
    throw new Failure('input', `${output} exists and is no deployment folder`, [
      'name another folder: --output DIR',
    ]);
  }
  const draft = join(dirname(output), `.${basename(output)}.${process.pid}.new`);
  try {
    await mkdir(draft, { recursive: true });
    const value = await fill(draft);
    await rm(output, { recursive: true, force: true });
    await rename(draft, output);
    return value;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isReplaceable(output: string, marks: readonly string[]): Promise<boolean> {
  const found = await orIfMissing(stat(output), null);
  if (found === null) return true;
  if (!found.isDirectory()) return false;
  const names = await readdir(output);
  return names.length === 0 || marks.every((mark) => names.includes(mark));
}
