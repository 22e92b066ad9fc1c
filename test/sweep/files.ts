import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The least spec that trains in a moment, with what `more` adds to it. */
export function writeTinySpec(folder: string, more: string): string {
  const file = join(folder, 'tiny.yaml');
  const spec = [
    'name: tiny',
    'data: { set: mnist, limit: 64 }',
    'architecture: { family: bireal, stages: [1], width: 16 }',
    'quantize: { tau: 5 }',
    'train: { epochs: 1, batch: 32, threads: 1 }',
    'engine: wasm',
    'device: { target: cpu }',
    'verify: { images: 2 }',
    more,
  ];
  writeFileSync(file, spec.join('\n'));
  return file;
}
