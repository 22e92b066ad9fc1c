import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { specDocument } from '../../src/report/spec-doc.js';
import { allFields, keysOf } from '../../src/spec/schema.js';
import { packageFile } from '../../src/util/paths.js';

it('docs/spec.md is up to date', () => {
  const page = readFileSync(packageFile('docs/spec.md'), 'utf8');
  expect(page, 'docs/spec.md is stale: refresh it with `npm run docs`').toBe(specDocument());
});

it('every field says what it is, and shows an example or what it holds', () => {
  for (const [path, field] of allFields()) {
    expect(field.title, path).toBeTruthy();
    expect(field.description, path).toBeTruthy();
    expect(Boolean(field.examples) || Object.keys(keysOf(field)).length > 0, path).toBe(true);
    expect(specDocument()).toContain(`\`${path}\``);
  }
});
