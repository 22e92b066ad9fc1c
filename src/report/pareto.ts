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

/**
 * Values moved apart so that sorted neighbours are `gap` or more from each other: upwards, and from
 * `top`, which none is above then, downwards.
 */
export function spread(values: readonly number[], gap: number, top: number): readonly number[] {
  const places = [...values];
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  let least = Number.NEGATIVE_INFINITY;
  for (const at of order) {
    places[at] = Math.max(places[at], least);
    least = places[at] + gap;
  }
  let most = top;
  for (const at of order.toReversed()) {
    places[at] = Math.min(places[at], most);
    most = places[at] - gap;
  }
  return places;
}
