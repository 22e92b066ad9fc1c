import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeAdaptive } from '../../src/model/container/adaptive.js';
import { canBuild } from '../../src/runtime/native/native.js';
import { stream } from '../../src/util/random.js';
import { temporaryFolder } from '../support/folder.js';

/** The C of docs/format.md's section on the adaptive code. */
function documentedC(): string {
  const page = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8');
  const [, section] = /## Adaptive code\n([\s\S]*?)\n## /.exec(page) ?? [];
  const indented = section?.split('\n').filter((line) => line.startsWith('    ') || line === '');
  return (indented ?? []).join('\n');
}

/** Codes, each as tau, number of indices, number of bytes and the bytes: whether it is one, and the indices. */
const main = `
int main(void) {
  int tau, value;
  size_t count, n;
  while (scanf("%d %zu %zu", &tau, &count, &n) == 3) {
    uint8_t *bytes = malloc(n);
    uint16_t *indices = malloc(2 * count);
    for (size_t i = 0; i < n; i++) {
      if (scanf("%d", &value) != 1) return 1;
      bytes[i] = value;
    }
    printf("%d", decode(bytes, n, tau, indices, count));
    for (size_t i = 0; i < count; i++) printf(" %d", indices[i]);
    printf("\\n");
    free(bytes);
    free(indices);
  }
  return 0;
}`;

describe('docs/format.md', () => {
  it.runIf(canBuild('generic'))('has C that decodes what the writer codes', () => {
    const folder = temporaryFolder();
    const source = join(folder, 'decode.c');
    const headers = ['stdint', 'stdio', 'stdlib', 'string'].map((name) => `#include <${name}.h>`);
    writeFileSync(source, [...headers, documentedC(), main].join('\n'));
    const executable = join(folder, 'decode');
    execFileSync('cc', ['-O1', '-std=gnu11', '-Wall', '-Werror', source, '-o', executable]);

    const random = stream(8, 'documented');
    const layers = Array.from({ length: 40 }, (_, i) => {
      const tau = 1 + (i % 9);
      const below = () => 1 + random.below(2 ** tau);
      const indices = Uint16Array.from({ length: 1 + random.below(2000) }, () =>
        random.below(below()),
      );
      return { tau, indices, bytes: encodeAdaptive(indices, tau) };
    });
    const spoiled = layers[4].bytes.slice(0, -1);
    const input = [...layers, { ...layers[4], bytes: spoiled }].map(({ tau, indices, bytes }) =>
      [tau, indices.length, bytes.length, ...bytes].join(' '),
    );
    const output = execFileSync(executable, { input: input.join('\n'), encoding: 'utf8' });
    const lines = output.trimEnd().split('\n');
    expect(lines.slice(0, -1)).toEqual(layers.map(({ indices }) => [1, ...indices].join(' ')));
    expect(lines.at(-1)).toMatch(/^0 /);
  });
});
