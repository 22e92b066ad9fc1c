import type { Comparison } from './compare.js';
import { positionOf, type SeedComparison } from './compare-seeds.js';

/** Positions in the order of their values, the highest first, those without one last. */
function orderOf(values: readonly (number | null)[], reverse: boolean): readonly number[] {
  const sign = reverse ? -1 : 1;
  return [...values.keys()].sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    return sign * (y - x) || a - b;
  });
}

/** The order of runs by a figure of theirs: positions, the highest first, or last with `reverse`. */
export function runOrder(
  { rows }: Comparison,
  figure: string,
  reverse: boolean,
): readonly number[] {
  const { cells } = rows[positionOf(rows, figure)];
  return orderOf(
    cells.map((cell) => ('missing' in cell ? null : cell.value)),
    reverse,
  );
}

/** The variants by the mean of a figure, the highest first, or last with `reverse`. */
export function sortVariants(
  comparison: SeedComparison,
  figure: string,
  reverse: boolean,
): SeedComparison {
  const at = positionOf(comparison.figures, figure);
  const { variants } = comparison;
  const order = orderOf(
    variants.map(({ cells }) => cells[at]?.mean ?? null),
    reverse,
  );
  return { ...comparison, variants: order.map((i) => variants[i]) };
}
