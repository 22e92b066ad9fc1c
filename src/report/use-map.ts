/** From hardly used to used twice as much as an even share, and beyond. */
const shades = ['░', '▒', '▓', '█'] as const;
const unused = '·';
const widest = 64;

/** What the characters of {@link useMap} mean. */
export const useMapLegend =
  `${unused} none, ${shades[0]} below half an even share, ${shades[1]} below it, ` +
  `${shades[2]} below twice, ${shades[3]} twice or more`;

/** The character of a use that is `share` times an even one. */
export function shade(share: number): string {
  if (!(share > 0)) return unused;
  return shades[Math.min(shades.length - 1, share < 0.5 ? 0 : Math.floor(share) + 1)];
}

/**
 * How a layer uses its members, by index, one character each; of more than 64 members the neighbours
 * that share a character are averaged.
 *
 * @param use kernels that chose each member; a power of two of them
 */
export function useMap(use: readonly number[]): string {
  const even = use.reduce((sum, n) => sum + n, 0) / use.length;
  const width = Math.min(widest, use.length);
  const span = use.length / width;
  return Array.from({ length: width }, (_, at) => {
    const shared = use.slice(at * span, (at + 1) * span);
    return shade(shared.reduce((sum, n) => sum + n, 0) / span / even);
  }).join('');
}
