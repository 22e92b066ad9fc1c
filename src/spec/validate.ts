import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { nearest } from '../util/nearest.js';
import { type Place, type Problem, printable } from './problem.js';
import { expected, type Field, fieldAt, keysOf, specSchema } from './schema.js';
import { find, type Tree, type TreeMap } from './tree.js';

const validate = new Ajv2020({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  strictTypes: false,
}).compile(specSchema);

/** The keys on the way to what an error is about. */
function stepsOf(error: ErrorObject): readonly string[] {
  return error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `train.epochs`, `architecture.stages[1]`; the whole spec: `the spec`. */
function nameOf(steps: readonly string[]): string {
  const name = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('');
  return name.replace(/^\./, '') || 'the spec';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = printable(JSON.stringify(value));
  return text.length > 40 ? `${text.slice(0, 39)}..."` : text;
}

function typeMatches(form: Field, value: unknown): boolean {
  const actual = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const types = ([] as string[]).concat(form.type ?? []);
  return types.includes(actual) || (actual === 'number' && types.includes('integer'));
}

/**
 * Drops what only repeats or misleads: the errors of the forms of a value that it was not meant to
 * have, `anyOf` itself where the meant form says what is wrong, and what follows from a wrong type.
 */
function meant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  const told = errors.filter((error) => {
    if (error.keyword === 'if' || error.schemaPath.includes('/oneOf/')) return false;
    return choices.every((choice) => {
      const forms = choice.schema as readonly Field[];
      const form = forms.findIndex((candidate) => typeMatches(candidate, choice.data));
      if (error === choice) return form < 0;
      if (!error.schemaPath.startsWith(`${choice.schemaPath}/`)) return true;
      return error.schemaPath.startsWith(`${choice.schemaPath}/${form}/`);
    });
  });
  const mistyped = new Set(
    told.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath),
  );
  return told.filter(
    ({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath),
  );
}

function valueProblem(error: ErrorObject, name: string, place: Place): Problem {
  const field = error.parentSchema as Field;
  if (error.keyword === 'pattern' && field.description) {
    return { place, message: `${name} cannot be ${shown(error.data)}`, help: field.description };
  }
  if (error.keyword === 'minLength') return { place, message: `${name} is empty` };
  const similar =
    typeof error.data === 'string' ? nearest(error.data, (field.enum ?? []).map(String)) : null;
  return {
    place,
    message: `${name} must be ${expected(field)}, not ${shown(error.data)}`,
    ...(similar ? { help: `did you mean "${similar}"?` } : {}),
  };
}

function quoted(names: readonly string[], last: 'and' | 'or'): string {
  const words = names.map((name) => `"${printable(name)}"`);
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(` ${last} `);
}

function unknownKey(name: string, key: string, map: Field): Pick<Problem, 'message' | 'help'> {
  const keys = Object.keys(keysOf(map)).filter((known) => known !== 'extends');
  const similar = nearest(key, keys);
  const nested = key.includes('.') && fieldAt(key.split('.')) !== null;
  const help = nested
    ? 'dots are for --set: in a file, write one key below the other'
    : similar
      ? `did you mean "${similar}"?`
      : `its keys are ${keys.join(', ')}`;
  return { message: `${name} has no key ${quoted([key], 'and')}`, help };
}

/** Keys of which a map must have exactly one: it has none, or several. */
function choiceProblem(error: ErrorObject, name: string, map: TreeMap, place: Place): Problem {
  const keys = (error.schema as readonly Field[]).flatMap((form) => form.required ?? []);
  const written = [...map].filter(([key]) => keys.includes(key));
  const last = written.at(-1);
  return last
    ? { place: last[1].key, message: `${name} has both ${quoted(keys, 'and')}`, help: 'keep one' }
    : { place, message: `${name} lacks ${quoted(keys, 'or')}` };
}

function toProblem(tree: Tree, error: ErrorObject, all: readonly ErrorObject[]): Problem | null {
  const steps = stepsOf(error);
  const path = steps.join('.');
  const name = nameOf(steps);
  const at = find(tree, steps);
  const entries: TreeMap = at?.tree.kind === 'map' ? at.tree.entries : new Map();
  const place = (steps.length === 0 && [...entries.values()][0]?.key) || (at?.place ?? tree.place);
  const within = (key: string) => [...steps, key].join('.');

  switch (error.keyword) {
    case 'additionalProperties': {
      const key: string = error.params.additionalProperty;
      const map = error.parentSchema as Field;
      const told = unknownKey(name, key, map);
      return { place: entries.get(key)?.key ?? place, paths: [within(key)], ...told };
    }
    case 'required': {
      const missing = all.filter(
        ({ keyword, schemaPath }) => keyword === 'required' && schemaPath === error.schemaPath,
      );
      if (missing[0] !== error) return null;
      const keys = missing.map(({ params }): string => params.missingProperty);
      return { place, paths: keys.map(within), message: `${name} lacks ${quoted(keys, 'and')}` };
    }
    case 'false schema': {
      const help = 'leave it out, or binarise the weights';
      const message = `${name} is given, but quantize.binarize is none`;
      return { place: at?.place ?? place, paths: [path], message, help };
    }
    case 'oneOf':
      return { paths: [path], ...choiceProblem(error, name, entries, place) };
    default:
      return { paths: [path], ...valueProblem(error, name, place) };
  }
}

/** Everything in which a spec, given as data and as the tree it was read from, breaks the schema. */
export function schemaProblems(tree: Tree, data: unknown): readonly Problem[] {
  if (validate(data)) return [];
  const errors = meant(validate.errors ?? []);
  return errors
    .map((error) => toProblem(tree, error, errors))
    .filter((problem) => problem !== null);
}
