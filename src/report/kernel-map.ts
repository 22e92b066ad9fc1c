import type { SubsetDescription } from '../model/describe.js';
import { shade } from './use-map.js';

/** Glyphs beside each other, and cells of the map of all kernels in a line. */
const glyphsInLine = 16;
const cellsInLine = 64;

/** Subsets of more members are shown among all 512 kernels. */
const mostGlyphs = 64;

const kernels = 512;

/** Two rows of elements as half blocks: three columns, filled where an element is +1. */
function halfBlocks(upper: number, lower: number): string {
  return [1, 2, 4].map((bit) => ' ▀▄█'[(upper & bit ? 1 : 0) + (lower & bit ? 2 : 0)]).join('');
}

function percentText(part: number, whole: number): string {
  if (part === 0) return ' - ';
  const percent = Math.round((100 * part) / whole);
  return percent === 0 ? '<1%' : percent === 100 ? '100' : `${percent}%`.padStart(3);
}

/** Members as 3x3 pictures, the most used first, each over its share of the layer's kernels. */
function glyphs({ codes, use }: SubsetDescription): string[] {
  const total = use.reduce((sum, count) => sum + count, 0);
  const order = codes.map((_, i) => i).sort((a, b) => use[b] - use[a] || a - b);
  const lines: string[] = [];
  for (let from = 0; from < order.length; from += glyphsInLine) {
    const shown = order.slice(from, from + glyphsInLine);
    const line = (of: (index: number) => string) => shown.map(of).join('  ').trimEnd();
    lines.push(
      line((i) => halfBlocks(codes[i] & 7, (codes[i] >> 3) & 7)),
      line((i) => halfBlocks(codes[i] >> 6, 0)),
      line((i) => percentText(use[i], total)),
    );
  }
  return lines;
}

/** All 512 kernels in order of their codes: blank where none is a member, else how much it is used. */
function allKernels({ codes, use }: SubsetDescription): string[] {
  const even = use.reduce((sum, count) => sum + count, 0) / use.length;
  const cells = new Array<string>(kernels).fill(' ');
  codes.forEach((code, i) => {
    cells[code] = shade(use[i] / even);
  });
  return Array.from({ length: kernels / cellsInLine }, (_, line) =>
    cells
      .slice(line * cellsInLine, (line + 1) * cellsInLine)
      .join('')
      .trimEnd(),
  );
}

/** A layer's subset as lines of at most 78 columns. */
export function kernelMap(subset: SubsetDescription): string[] {
  return subset.codes.length <= mostGlyphs ? glyphs(subset) : allKernels(subset);
}
