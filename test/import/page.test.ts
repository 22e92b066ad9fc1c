import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { birealnet } from '../../src/import/key-map.js';
import { readKeyMap } from '../../src/import/key-map-file.js';
import { opcodes } from '../../src/import/pickle-opcodes.js';
import { packageFile } from '../../src/util/paths.js';

const page = readFileSync(packageFile('docs/import.md'), 'utf8');

test('the map on the page is that of the authors’ networks', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  expect(readKeyMap(yaml, 'docs/import.md')).toEqual(birealnet);
});

test('the page counts the opcodes that are understood', () => {
  expect(page).toContain(`the ${Object.keys(opcodes).length} opcodes`);
});
