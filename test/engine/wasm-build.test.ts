import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { compileKernels, kernelModules } from '../../scripts/build-kernels.js';
import { packageFile } from '../../src/util/paths.js';

test.each(kernelModules)('$output is what $folder compiles to', async (module) => {
  const [built, shipped] = [
    await compileKernels(module),
    await readFile(packageFile(module.output)),
  ];
  expect(Buffer.compare(built, shipped)).toBe(0);
});
