import type { Tau } from './types.js';

/** Tau by layer as a user writes it: patterns of layer names, the first that matches decides. */
export type WrittenTauMap = Readonly<Record<string, number>>;

/** Whether a pattern, in which `*` stands for any characters, is a layer's whole name. */
function matches(pattern: string, layer: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(layer);
}

/** The first pattern that matches a layer, or undefined. */
function patternFor(map: WrittenTauMap, layer: string): string | undefined {
  return Object.keys(map).find((pattern) => matches(pattern, layer));
}

/** Patterns that match no layer at all. */
export function idlePatterns(map: WrittenTauMap, layers: readonly string[]): readonly string[] {
  return Object.keys(map).filter((pattern) => !layers.some((layer) => matches(pattern, layer)));
}

/** Layers that no pattern matches. */
export function uncoveredLayers(map: WrittenTauMap, layers: readonly string[]): readonly string[] {
  return layers.filter((layer) => patternFor(map, layer) === undefined);
}

/**
 * Tau of every layer by name; one number where all are the same. `map` must cover all `layers`.
 */
export function resolveTauMap(map: WrittenTauMap, layers: readonly string[]): Tau {
  const byLayer = layers.map((layer) => [layer, map[patternFor(map, layer) ?? '']] as const);
  const values = new Set(byLayer.map(([, tau]) => tau));
  const [first] = values;
  return values.size === 1 && first !== undefined ? first : Object.fromEntries(byLayer);
}
