import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withRequirements } from '../../src/doctor/page.js';
import { packageFile } from '../../src/util/paths.js';

it('README.md lists the system packages that snn doctor looks for', () => {
  const page = readFileSync(packageFile('README.md'), 'utf8');
  expect(page, 'README.md is stale: refresh it with `npm run docs`').toBe(withRequirements(page));
});

it('a page without the marks is refused', () => {
  expect(() => withRequirements('# A page')).toThrow('lost the marks');
});
