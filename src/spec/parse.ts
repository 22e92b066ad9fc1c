import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import type { Place, Problem, Source } from './problem.js';
import type { Entry, Tree } from './tree.js';

/** What a spec may grow to once its aliases are written out: far above any real one. */
const maxValues = 10_000;
const maxDepth = 32;

/** The parser's words where they would not help a person, by its error code. */
const plainWords: Readonly<Record<string, { message: string; help?: string }>> = {
  TAB_AS_INDENT: { message: 'a tab is used as indentation', help: 'indent with spaces' },
  MULTIPLE_DOCS: {
    message: 'a second document starts here',
    help: 'a spec is one YAML document: remove this line, or move what follows to a file of its own',
  },
  RESOURCE_EXHAUSTION: { message: 'nested too deeply to read' },
  TAG_RESOLVE_FAILED: { message: 'unknown tag', help: 'write the plain value, without a tag' },
};

interface Reader {
  readonly source: Source;
  readonly document: Document.Parsed;
  /** Added to every offset: where the parsed text begins in the source. */
  readonly offset: number;
  readonly problems: Problem[];
  /** Values read so far, aliases written out. */
  values: number;
  /** The alias that is being written out, the outermost of those within each other. */
  alias: Place | null;
}

function placeOf(reader: Reader, node: Node | null | undefined, fallback: Place): Place {
  if (!node?.range) return fallback;
  const [start, end] = node.range;
  return { source: reader.source, start: start + reader.offset, end: end + reader.offset };
}

function nothing(place: Place): Tree {
  return { kind: 'scalar', place, value: null };
}

/** The key of a pair as a name, or null after reporting why it is none. */
function readKey(reader: Reader, { key }: Pair, fallback: Place): string | null {
  const node = key as Node | null;
  const place = placeOf(reader, node, fallback);
  if (!isScalar(node)) {
    reader.problems.push({ place, message: 'a key must be a plain name' });
    return null;
  }
  if (node.value === '<<') {
    reader.problems.push({
      place,
      message: 'merge keys (<<) are not supported',
      help: 'build on another file with "extends: other.yaml"',
    });
    return null;
  }
  return node.source ?? String(node.value);
}

function readMap(reader: Reader, map: YAMLMap, place: Place, depth: number): Tree {
  const entries = new Map<string, Entry>();
  for (const pair of map.items) {
    const key = placeOf(reader, pair.key as Node | null, place);
    const name = readKey(reader, pair, place);
    if (name === null) continue;
    const first = entries.get(name);
    if (first) {
      const line = first.key.source.text.slice(0, first.key.start).split('\n').length;
      reader.problems.push({
        place: key,
        message: `"${name}" is given twice`,
        help: `it stands in line ${line} already: keep one`,
      });
      continue;
    }
    entries.set(name, { key, tree: readNode(reader, pair.value as Node | null, key, depth + 1) });
  }
  return { kind: 'map', place, entries };
}

/** Turns a YAML node into a tree; what may not stand in a spec is reported and read as null. */
function readNode(reader: Reader, node: Node | null, fallback: Place, depth: number): Tree {
  const place = placeOf(reader, node, fallback);
  const refuse = (message: string): Tree => {
    reader.problems.push({ place: reader.alias ?? place, message });
    return nothing(place);
  };

  reader.values += 1;
  if (reader.values > maxValues) {
    if (reader.values > maxValues + 1) return nothing(place);
    return refuse(`with its aliases written out the spec has more than ${maxValues} values`);
  }
  if (depth > maxDepth) return refuse(`nested more than ${maxDepth} levels deep`);
  if (isAlias(node)) {
    const target = node.resolve(reader.document);
    if (!target) return refuse(`no anchor &${node.source} stands before this alias`);
    const outer = reader.alias;
    reader.alias ??= place;
    const tree = readNode(reader, target, place, depth + 1);
    reader.alias = outer;
    return tree;
  }
  if (isMap(node)) return readMap(reader, node, place, depth);
  if (isSeq(node)) {
    const items = node.items.map((item) => readNode(reader, item as Node | null, place, depth + 1));
    return { kind: 'list', place, items };
  }
  if (!isScalar(node)) return nothing(place);
  const { value } = node;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return refuse('a number must be finite');
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', place, value };
  }
  return nothing(place);
}

/**
 * Reads YAML that begins at `offset` of a source. What is wrong with it as YAML, or may not stand in
 * a spec (duplicate keys, merge keys, tags, infinities, runaway aliases), is added to `problems`;
 * null when nothing could be read.
 */
export function parseTree(source: Source, problems: Problem[], offset = 0): Tree | null {
  const document = parseDocument(source.text.slice(offset), {
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  for (const { code, pos, message } of [...document.errors, ...document.warnings]) {
    const place = { source, start: pos[0] + offset, end: pos[1] + offset };
    problems.push({ place, ...(plainWords[code] ?? { message }) });
  }
  if (document.errors.length > 0) return null;

  const whole = { source, start: offset, end: source.text.length };
  const reader: Reader = { source, document, offset, problems, values: 0, alias: null };
  return readNode(reader, document.contents, whole, 0);
}
