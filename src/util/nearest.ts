/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swappable = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swappable ? beforeLast[j - 2] + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, last[j] + 1, row[j - 1] + 1, swapped));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/**
 * The name that a person most likely meant by `typed`, letter case ignored, or null when none is
 * close: at most a third of the letters, and no more than three, may differ.
 */
export function nearest(typed: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const longest = Math.max(typed.length, name.length);
    const tolerance = Math.min(3, Math.max(1, Math.floor(longest / 3)));
    if (Math.abs(typed.length - name.length) > tolerance) continue;
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (distance <= tolerance && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}
