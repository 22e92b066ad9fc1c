const prefixes = [
  { factor: 1e9, symbol: 'G' },
  { factor: 1e6, symbol: 'M' },
  { factor: 1e3, symbol: 'k' },
] as const;

/**
 * A count to four digits with the SI prefix that brings it above 0.1: `10.99 Mbit`, `0.883 G`,
 * `512 bit`. The unit follows the prefix: `scaled(10_985_472, 'bit')`.
 */
export function scaled(count: number, unit: string): string {
  const prefix = prefixes.find(({ factor }) => count >= factor / 10 && count >= 1000);
  if (!prefix) return `${Number(count.toFixed(1))} ${unit}`.trimEnd();
  const value = count / prefix.factor;
  return `${value < 1 ? value.toFixed(3) : value.toPrecision(4)} ${prefix.symbol}${unit}`;
}

/** How many times smaller `after` is than `before`: `3.34x`. */
export function ratio(before: number, after: number): string {
  return `${(before / after).toFixed(2)}x`;
}

/** Bits per weight as people name them: `0.56 bit`, `1 bit`. */
export function bitsText(bits: number): string {
  return `${Number(bits.toFixed(2))} bit`;
}
