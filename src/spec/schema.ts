import document from './schema.json' with { type: 'json' };

/** What the schema says of one field: the part of JSON Schema that schema.json makes use of. */
export interface Field {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  /** What keys of the user's own hold; false: there are none. */
  readonly additionalProperties?: boolean | Field;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Field[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

/** JSON Schema (draft 2020-12) of what a user writes. */
export const specSchema: Field = document;

/** The keys of a field that may be a map, in whichever of its forms. */
export function keysOf(field: Field): Readonly<Record<string, Field>> {
  return field.properties ?? field.anyOf?.find((form) => form.properties)?.properties ?? {};
}

/** The field at a path of keys, or null when the schema has none there. */
export function fieldAt(path: readonly string[]): Field | null {
  let field = specSchema;
  for (const key of path) {
    const keys = keysOf(field);
    if (!Object.hasOwn(keys, key)) return null;
    field = keys[key];
  }
  return field;
}

/** Every field with its dotted path, maps before what they hold, in the order of the schema. */
export function allFields(field = specSchema, path = ''): readonly (readonly [string, Field])[] {
  return Object.entries(keysOf(field)).flatMap(([key, child]) => {
    const childPath = path ? `${path}.${key}` : key;
    return [[childPath, child] as const, ...allFields(child, childPath)];
  });
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Field): string {
  const upper = exclusiveMaximum === undefined ? maximum : `below ${exclusiveMaximum}`;
  if (exclusiveMinimum !== undefined) {
    return ` above ${exclusiveMinimum}${upper === undefined ? '' : `, up to ${upper}`}`;
  }
  if (minimum === undefined) return upper === undefined ? '' : ` up to ${upper}`;
  return ` from ${minimum} ${upper === undefined ? 'upwards' : `to ${upper}`}`;
}

function expectedType(field: Field, type: string): string {
  switch (type) {
    case 'integer':
      return `a whole number${range(field)}`;
    case 'number':
      return `a number${range(field)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a text';
    case 'array':
      return field.maxItems
        ? `a list of ${field.minItems ?? 0} to ${field.maxItems} values`
        : 'a list';
    case 'object':
      if (typeof field.additionalProperties === 'object') {
        return `a map of names to ${expected(field.additionalProperties)}`;
      }
      return field.properties ? `a map (${Object.keys(field.properties).join(', ')})` : 'a map';
    default:
      return type;
  }
}

/** What may stand in a field, in words: `a whole number from 1 to 9`. */
export function expected(field: Field): string {
  if (field.anyOf) return orList(field.anyOf.map(expected));
  if (field.enum) return orList(field.enum.map(String));
  const types = typeof field.type === 'string' ? [field.type] : (field.type ?? []);
  return orList(types.map((type) => expectedType(field, type)));
}
