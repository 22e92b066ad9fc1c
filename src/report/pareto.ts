/** What something costs and what it is worth, in any units. */
export interface Offer {
  readonly cost: number;
  readonly worth: number;
}

/** Whether `a` is no dearer and no worse than `b`, and one of the two better. */
function beats(a: Offer, b: Offer): boolean {
  return a.cost <= b.cost && a.worth >= b.worth && (a.cost < b.cost || a.worth > b.worth);
}

/** Those that no other one beats, from the cheapest to the dearest; equal ones all stay. */
export function paretoFront<T extends Offer>(offers: readonly T[]): readonly T[] {
  return offers
    .filter((offer) => !offers.some((other) => beats(other, offer)))
    .sort((a, b) => a.cost - b.cost);
}

/** Values moved apart, by as little as goes upwards, so that sorted neighbours are `gap` or more from each other. */
export function spread(values: readonly number[], gap: number): readonly number[] {
  const places = [...values];
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  order.forEach((at, rank) => {
    const below = rank === 0 ? Number.NEGATIVE_INFINITY : places[order[rank - 1]] + gap;
    places[at] = Math.max(places[at], below);
  });
  return places;
}
