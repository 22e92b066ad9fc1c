import Table from 'cli-table3';

/** A table's column: words go left, figures right. */
export interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
}

/** Only a rule under the head, and two blanks between columns: reads well in a pipe too. */
const chars = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': '──',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Lays rows of cells out under a head; every table that the program prints looks like this. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const laidOut = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    chars,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  laidOut.push(...rows.map((row) => [...row]));
  return laidOut
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
