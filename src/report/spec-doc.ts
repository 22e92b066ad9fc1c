import { allFields, expected, type Field, keysOf, specSchema } from '../spec/schema.js';

const intro = `# The spec

One YAML file describes one experiment. \`snn validate FILE\` checks it and \`snn validate FILE --print\`
writes it out with every default. Only \`name\`, \`data.set\`, \`architecture\` and \`quantize.bits\` (or
\`quantize.tau\`) have to be given:

\`\`\`yaml
name: least
data:
  set: mnist
architecture: bireal6
quantize:
  bits: 0.56
\`\`\`

An editor with a YAML language server completes and checks specs that begin with the line
\`# yaml-language-server: $schema=\` and the path of \`src/spec/schema.json\`, as those in \`configs/\` do.

## Composing and overriding

\`extends: other.yaml\` builds on another spec: maps are merged key by key, anything else is replaced.
A list of files is laid one upon the other, the spec itself on top. \`bits\` replaces an inherited
\`tau\` and the other way round; a map laid upon \`architecture: resnet18\` or \`limit: 1000\` changes that.

\`--set key.key=value\` changes one field for one run, its value in YAML: \`--set train.epochs=3\`,
\`--set architecture.stages=[2,2]\`. A key that does not exist is an error.
`;

const outro = `
This page is written from \`src/spec/schema.json\` by \`npm run docs\`.
`;

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A default as far as it says more than that the map may be left out. */
function defaultText(field: Field, required: boolean): string {
  if (required) return 'required';
  const { default: value } = field;
  return value === undefined || JSON.stringify(value) === '{}' ? '' : code(value);
}

function row(path: string, field: Field, required: boolean): string {
  const example = field.examples?.[0];
  const cells = [
    `\`${path}\``,
    expected(field),
    defaultText(field, required),
    `${field.description}${example === undefined ? '' : ` Example: ${code(example)}.`}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function tableOf(rows: readonly string[]): string {
  return ['| Field | Value | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function section(key: string, field: Field): string {
  const required = new Set(field.required);
  const inner = allFields(field, key).map(([path, child]) =>
    row(path, child, required.has(path.slice(key.length + 1))),
  );
  const own = field.anyOf ? [row(key, field, key === 'architecture')] : [];
  return `## ${field.title}: \`${key}\`\n\n${field.description}\n\n${tableOf([...own, ...inner])}\n`;
}

/** The reference of every field of a spec, as Markdown, from the schema. */
export function specDocument(): string {
  const fields = Object.entries(keysOf(specSchema));
  const scalars = fields.filter(([, field]) => Object.keys(keysOf(field)).length === 0);
  const maps = fields.filter(([, field]) => Object.keys(keysOf(field)).length > 0);
  const top = tableOf(scalars.map(([key, field]) => row(key, field, key === 'name')));
  return [
    intro,
    `## At the top\n\n${top}\n`,
    ...maps.map(([key, field]) => section(key, field)),
    outro.trimStart(),
  ].join('\n');
}
