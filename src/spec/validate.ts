import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { nearest } from '../util/nearest.js';
import { type Place, type Problem, printable } from './problem.js';
import { expected, type Field, keysOf, specSchema } from './schema.js';
import { type Entry, find, type Tree } from './tree.js';

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
 * Drops what only repeats or misleads: what follows from a wrong type, the errors of the forms of a
 * value that it was not meant to have, and `anyOf` itself where the meant form says what is wrong.
 */
function meant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  const mistyped = new Set(
    errors.filter((error) => error.keyword === 'type').map((error) => error.instancePath),
  );
  return errors.filter((error) => {
    if (error.keyword === 'if' || error.schemaPath.includes('/oneOf/')) return false;
    if (error.keyword === 'oneOf' && mistyped.has(error.instancePath)) return false;
    return choices.every((choice) => {
      const forms = choice.schema as readonly Field[];
      const form = forms.findIndex((candidate) => typeMatches(candidate, choice.data));
      if (error === choice) return form < 0;
      if (!error.schemaPath.startsWith(`${choice.schemaPath}/`)) return true;
      return error.schemaPath.startsWith(`${choice.schemaPath}/${form}/`);
    });
  });
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

function choiceProblem(error: ErrorObject, name: string, place: Place): Problem {
  const forms = error.schema as readonly Field[];
  const keys = forms.flatMap((form) => form.required ?? []).join(' and ');
  return error.params.passingSchemas
    ? { place, message: `${name} has both ${keys}`, help: 'keep one of them' }
    : { place, message: `${name} lacks one of ${keys}` };
}

function toProblem(tree: Tree, error: ErrorObject): Problem {
  const steps = stepsOf(error);
  const path = steps.join('.');
  const name = nameOf(steps);
  const at = find(tree, steps);
  const entries = at?.tree.kind === 'map' ? at.tree.entries : new Map<string, Entry>();
  const place = (steps.length === 0 && [...entries.values()][0]?.key) || (at?.place ?? tree.place);
  const within = (key: string) => [...steps, key].join('.');

  switch (error.keyword) {
    case 'additionalProperties': {
      const key: string = error.params.additionalProperty;
      const keys = Object.keys(keysOf(error.parentSchema as Field)).filter((k) => k !== 'extends');
      const similar = nearest(key, keys);
      return {
        place: entries.get(key)?.key ?? place,
        path: within(key),
        message: `${name} has no key "${printable(key)}"`,
        help: similar ? `did you mean "${similar}"?` : `its keys are ${keys.join(', ')}`,
      };
    }
    case 'required': {
      const key: string = error.params.missingProperty;
      return { place, path: within(key), message: `${name} lacks "${key}"` };
    }
    case 'oneOf':
      return { path, ...choiceProblem(error, name, place) };
    default:
      return { path, ...valueProblem(error, name, place) };
  }
}

/** Everything in which a spec, given as data and as the tree it was read from, breaks the schema. */
export function schemaProblems(tree: Tree, data: unknown): readonly Problem[] {
  if (validate(data)) return [];
  return meant(validate.errors ?? []).map((error) => toProblem(tree, error));
}
