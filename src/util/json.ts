/** A plain JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * JSON text that is the same for equal values: keys sorted by code unit, no white space. Refuses with
 * a TypeError what JSON cannot carry (undefined, NaN, infinities, functions, class instances), naming
 * its place, so that nothing is left out of a hash in silence.
 */
export function canonicalJson(value: unknown, place = '$'): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => canonicalJson(item, `${place}[${i}]`)).join(',')}]`;
  }
  if (isRecord(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], `${place}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`${place} is no JSON value: ${String(value)}`);
}

/** Whether `value` is a plain object (no array, no class instance). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A deep copy of `value` as plain JSON; refuses what {@link canonicalJson} refuses. */
export function toJson(value: unknown): Json {
  return JSON.parse(canonicalJson(value)) as Json;
}
