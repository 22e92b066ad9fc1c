import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, type Recipe } from '../../src/pipeline/fingerprint.js';
import { canonicalJson, isRecord, type Json } from '../../src/util/json.js';

/** JSON as a spec's slice can hold it; no negative zero, which JSON text does not keep apart. */
const json = fc
  .jsonValue({ noUnicodeString: false, maxDepth: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);

const recipes: fc.Arbitrary<Recipe> = fc.record({
  stage: fc.string(),
  version: fc.nat(),
  slice: json,
  inputs: fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
  environment: json,
});

/** The same value with the keys of every object in another order. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, reordered(inner as Json)]);
  return Object.fromEntries(entries.reverse());
}

/** Every value that differs from `value` in one leaf, one key or one item. */
function* neighbours(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    yield [...value, null];
    for (const [i, item] of value.entries()) {
      yield value.toSpliced(i, 1);
      for (const other of neighbours(item)) yield value.with(i, other);
    }
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, Json>;
      yield rest;
      yield { ...rest, [`${key}'`]: inner as Json };
      for (const other of neighbours(inner as Json)) yield { ...rest, [key]: other };
    }
  } else {
    yield typeof value === 'number' && value !== 0 ? value / 2 : 1;
    yield typeof value === 'string' ? `${value} ` : `${value}`;
    yield [value];
  }
}

describe('a fingerprint', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const other = reordered(recipe as unknown as Json) as unknown as Recipe;
        expect(fingerprint(other)).toBe(fingerprint(recipe));
      }),
    );
  });

  it('depends on every value', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const known = fingerprint(recipe);
        const others = [
          { ...recipe, stage: `${recipe.stage}'` },
          { ...recipe, version: recipe.version + 1 },
          ...[...neighbours(recipe.slice)].map((slice) => ({ ...recipe, slice })),
          ...[...neighbours(recipe.inputs)].map((inputs) => ({
            ...recipe,
            inputs: inputs as Recipe['inputs'],
          })),
          ...[...neighbours(recipe.environment)].map((environment) => ({ ...recipe, environment })),
        ];
        expect(others.filter((other) => fingerprint(other) === known)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('is the SHA-256 of the canonical JSON', () => {
    const text =
      '{"environment":null,"inputs":{"a":"1","b":"2"},"slice":{"x":[1,{"y":"z"}]},"stage":"s","version":3}';
    const recipe = {
      version: 3,
      stage: 's',
      slice: { x: [1, { y: 'z' }] },
      inputs: { b: '2', a: '1' },
      environment: null,
    };
    expect(fingerprint(recipe)).toBe(createHash('sha256').update(text).digest('hex'));
  });
});

describe('canonical JSON', () => {
  it('reads back as the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });

  it.each([
    [{ a: { b: undefined } }, '$.a.b'],
    [[1, Number.NaN], '$[1]'],
    [{ size: Number.POSITIVE_INFINITY }, '$.size'],
    [{ run: () => 0 }, '$.run'],
    [{ at: new Date(0) }, '$.at'],
    [{ bytes: new Uint8Array(1) }, '$.bytes'],
  ])('refuses %o and says where', (value, place) => {
    expect(() => canonicalJson(value)).toThrow(`${place} is no JSON value`);
  });
});
