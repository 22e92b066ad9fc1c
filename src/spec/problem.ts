/** A text that spec values come from: a file, or one `--set` override. */
export interface Source {
  readonly kind: 'file' | 'override';
  /** The file as the user would name it, or `--set key=value`. */
  readonly name: string;
  readonly text: string;
  /** What relative paths in the text are relative to. */
  readonly folder: string;
}

/** A stretch of a source, as offsets into its text. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Where a value was written; lines and columns count from 1. */
export type Location =
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: 'override'; readonly flag: string };

/** Something wrong with a spec. */
export interface Problem {
  readonly place: Place;
  /** Dotted paths of the fields that it is about, where it is about any. */
  readonly paths?: readonly string[];
  readonly message: string;
  /** What would be right: the nearest name, the names there are, the way out. */
  readonly help?: string;
}

const longestExcerpt = 100;

/** Where a place is, for people. */
export function locationOf({ source, start }: Place): Location {
  if (source.kind === 'override') return { kind: 'override', flag: source.name };
  const before = source.text.slice(0, start);
  const line = before.split('\n').length;
  return { kind: 'file', file: source.name, line, column: start - before.lastIndexOf('\n') };
}

/** `file:line:column`, or the override itself. */
export function locationText(location: Location): string {
  return location.kind === 'override'
    ? location.flag
    : `${location.file}:${location.line}:${location.column}`;
}

/** Sources in the order in which they were read, the problems of each from top to bottom. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const sources = [...new Set(problems.map((problem) => problem.place.source))];
  return problems.toSorted(
    (a, b) =>
      sources.indexOf(a.place.source) - sources.indexOf(b.place.source) ||
      a.place.start - b.place.start,
  );
}

/** Makes a text safe to print on one line: control characters, tabs too, become visible marks. */
export function printable(text: string): string {
  return text.replaceAll('\t', '→').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

/** The line of a place and a caret under its first token, cut down around it when it is long. */
function excerpt({ source, start, end }: Place): readonly string[] {
  const lineStart = source.text.lastIndexOf('\n', start - 1) + 1;
  const newline = source.text.indexOf('\n', start);
  const line = source.text.slice(lineStart, newline < 0 ? undefined : newline).trimEnd();

  const fits = line.length <= longestExcerpt;
  const from = fits ? 0 : Math.max(0, start - lineStart - longestExcerpt / 2);
  const shown = line.slice(from, from + longestExcerpt);
  const column = start - lineStart - from;
  const width = Math.max(1, Math.min(end - start, shown.length - column));

  const number = source.kind === 'file' ? `${source.text.slice(0, start).split('\n').length}` : '';
  const indent = ' '.repeat(number.length);
  const lead = from > 0 ? '...' : '';
  const tail = from + longestExcerpt < line.length ? '...' : '';
  const before = [...printable(lead + shown.slice(0, column))].length;
  const under = [...printable(shown.slice(column, column + width))].length;
  return [
    `  ${number} | ${lead}${printable(shown)}${tail}`,
    `  ${indent} | ${' '.repeat(before)}${'^'.repeat(Math.max(1, under))}`,
  ];
}

/** A problem as a compiler prints it: place and message, the source line, a caret, help. */
export function renderProblem({ place, message, help }: Problem): string {
  return [
    `${locationText(locationOf(place))}: ${message}`,
    ...(place.source.text === '' ? [] : excerpt(place)),
    ...(help ? [`  ${help}`] : []),
  ].join('\n');
}

/** A problem as plain data, for programs. */
export function describeProblem({ place, paths = [], message, help }: Problem) {
  return { ...locationOf(place), paths, message, help: help ?? null };
}
