import type { LayerSubsets } from '../../stages/run-evidence.js';
import { kernelCount } from '../../subbit/kernels.js';
import { sum } from '../../util/sum.js';
import type { Pencil } from './drawing.js';
import type { Markup } from './markup.js';

const columns = 32;
const rows = kernelCount / columns;
const cell = 8;
const [width, height] = [columns * cell, rows * cell];
const between = 40;
const head = 20;

/** Upper ends of the shades, in even shares of the layer's kernels; beyond the last is a fifth one. */
const shadeEnds = [0, 0.5, 1, 2] as const;

/** What the shades of a map mean, from light to dark. */
export const shades = [
  { name: 'u0', text: 'member, not used' },
  { name: 'u1', text: 'less than half an even share' },
  { name: 'u2', text: 'up to an even share' },
  { name: 'u3', text: 'up to twice' },
  { name: 'u4', text: 'twice or more' },
  { name: 'us', text: 'sampled' },
] as const;

/** The class of a member's cell, by its use in even shares. */
export function shadeOf(share: number): string {
  const at = shadeEnds.findIndex((end, i) =>
    i === 0 ? share <= 0 : share < end || (i === 2 && share === 1),
  );
  return shades[at === -1 ? 4 : at].name;
}

/** Cells of one shade as one path: neighbours are drawn in a stroke. */
function path(name: string, codes: readonly number[]): string {
  let strokes = '';
  const sorted = [...codes].sort((a, b) => a - b);
  for (let i = 0; i < sorted.length; ) {
    const first = sorted[i];
    let length = 1;
    const left = columns - (first % columns);
    while (length < left && sorted[i + length] === first + length) length++;
    strokes += `M${first % columns} ${Math.floor(first / columns)}.5h${length}`;
    i += length;
  }
  return `<path class="${name}" d="${strokes}"/>`;
}

function byShade(codes: readonly number[], shade: (index: number) => string): string {
  const groups = new Map<string, number[]>();
  codes.forEach((code, i) => {
    const group = groups.get(shade(i)) ?? [];
    group.push(code);
    groups.set(shade(i), group);
  });
  return [...groups].map(([name, group]) => path(name, group)).join('');
}

function map(left: number, title: string, paths: string): string {
  return (
    `<g transform="translate(${left} ${head})"><text class="quiet" x="0" y="-7" text-anchor="start">${title}</text>` +
    `<rect class="ground" width="${width}" height="${height}"/><g class="map" transform="scale(${cell})">${paths}</g></g>`
  );
}

/**
 * The 512 kernels of a layer in order of their codes, 32 a row, as sampled and as trained: members
 * alone are filled. A kernel and its complement lie opposite each other about the middle of a map.
 */
export function useMaps(
  pencil: Pencil,
  { layer, tau, sampled, trained, use }: LayerSubsets,
): Markup {
  const even = sum(use) / use.length;
  const kept = new Set(sampled);
  const moved = trained.filter((code) => !kept.has(code)).length;
  const idle = use.filter((n) => n === 0).length;
  return pencil.draw(
    {
      title: `Subset of ${layer}, tau ${tau}`,
      description:
        `Two maps of the 512 kernels, 32 a row by their codes: the ${sampled.length} sampled members, and ` +
        `the ${trained.length} trained ones shaded by their use. ${moved} of the trained members were not ` +
        `sampled, ${idle} are not used.`,
    },
    [2 * width + between, head + height + 2],
    map(0, `sampled: ${sampled.length} of ${kernelCount}`, path('us', sampled)) +
      map(
        width + between,
        `trained: ${moved} were not sampled, ${idle} not used`,
        byShade(trained, (i) => shadeOf(use[i] / even)),
      ),
  );
}
