import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSections, refuser, writeSections } from '../../src/model/container/envelope.js';
import { formatVersion } from '../../src/model/container/sections.js';
import { packageFile } from '../../src/util/paths.js';
import { temporaryFolder } from '../support/folder.js';
import { snn } from './cli.js';

const quickstart = packageFile('examples/quickstart.snn');
const bytes = readFileSync(quickstart);

/** Every command that reads a packed model. */
const commands = [
  ['inspect'],
  ['bench', '--no-native'],
  ['evaluate', '--data', 'mnist'],
  ['deploy', '--cpu'],
];

function damaged(): Uint8Array {
  const spoiled = Uint8Array.from(bytes);
  spoiled[spoiled.length - 3] ^= 4;
  return spoiled;
}

function newer(): Uint8Array {
  const { bodies } = readSections(bytes, quickstart, refuser(quickstart));
  return writeSections({ version: formatVersion + 1, bodies });
}

const again = 'next: fetch or pack the model again';

describe('a file that is no packed model is refused by every command that reads one', () => {
  it.each([
    ['that is not there', null, 'there is no such file', 'next: name a packed model'],
    ['of another kind', Buffer.from('name: a spec\n'), 'header is not that', again],
    ['that is cut off', bytes.subarray(0, 5000), 'file is cut off: 5000 of', again],
    ['that is damaged', damaged(), 'section HEAD (classifier) is damaged', again],
    [
      'of a newer format',
      newer(),
      `needs a reader of format version ${formatVersion + 1}`,
      'next: use a newer version of this program',
    ],
  ])('one %s', async (_, content, what, next) => {
    const folder = temporaryFolder();
    const file = join(folder, 'given.snn');
    if (content !== null) writeFileSync(file, content);
    const outcomes = commands.map((command) => snn(folder, ...command, file));
    for (const { code, stdout, stderr } of await Promise.all(outcomes)) {
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain(`error: ${file}: ${what}`);
      expect(stderr).toContain(next);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });
});

describe('snn evaluate', () => {
  it('tells its progress now and then, and what it found', async () => {
    const folder = temporaryFolder();
    const args = [quickstart, '--data', 'mnist', '--limit', '6000'];
    const { code, stdout, stderr } = await snn(folder, 'evaluate', ...args);
    expect(code).toBe(0);
    expect(stderr).toBe('5056 of 6000 images\n');
    expect(stdout).toMatch(/^top-1 {4}\d\d\.\d\d % of 6000 images\ntop-5 {4}/);
  });

  it('refuses images that are not those of the model, and says what to do', async () => {
    const args = [packageFile('test/fixtures/golden/sub-bit.snn'), '--data', 'mnist'];
    const { code, stderr } = await snn(temporaryFolder(), 'evaluate', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain('images of 28x28x1; the model takes');
    expect(stderr).toContain('next: test the model on the data set that it was trained on');
  });
});
