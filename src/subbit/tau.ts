import type { Tau } from '../spec/types.js';

/** Bits of an index in one layer, 1..9. */
export function tauOfLayer(tau: Tau, layer: string): number {
  if (typeof tau === 'number') return tau;
  const own = tau[layer];
  if (own === undefined) throw new Error(`no tau for ${layer}`);
  return own;
}

/** `tau 5`, or the least and the most where layers differ: `tau 4 to 6`. */
export function tauText(tau: Tau): string {
  if (typeof tau === 'number') return `tau ${tau}`;
  const values = Object.values(tau);
  return `tau ${Math.min(...values)} to ${Math.max(...values)}`;
}
