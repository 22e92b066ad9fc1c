import { join } from 'node:path';
import type { CpuManifest } from './bundle.js';
import { proofText } from './read-me.js';

/** What is in the folder, what was proved and how, and what to do next. */
export function summaryOf({ files, images, proof }: CpuManifest, output: string): string {
  const size = Object.values(files).reduce((sum, file) => sum + file.size, 0);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const sizes = images.map(
    ({ vector, imageBytes, memoryBytes }) =>
      `${kib(imageBytes)} and ${kib(memoryBytes)} of memory${vector === 32 ? ' (AVX2)' : ''}`,
  );
  const pages = Object.keys(files).filter((path) => path.endsWith('.html'));
  const rows = [
    ['folder', `${output}: ${Object.keys(files).length + 1} files, ${kib(size)}`],
    ['network', sizes.join('; ')],
    ['proved', proofText(proof)],
    ['next', `make -C ${output} test`],
    ...pages.map((page) => ['', `open ${join(output, page)} and draw`]),
    ['', `see ${join(output, 'README.md')} and ${join(output, 'snn/snn.h')}`],
  ];
  return ['', ...rows.map(([label, text]) => `${label.padEnd(8)}  ${text}`)].join('\n');
}
