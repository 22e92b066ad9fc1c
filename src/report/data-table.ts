import { scaled } from './scaled.js';
import { table } from './table.js';

/** What is known of a data set, and where it lies. */
export interface DataSetRow {
  readonly set: string;
  readonly title: string;
  /** Images as height x width x channels. */
  readonly image: string;
  readonly classes: number;
  /** Null: it is not on this machine. */
  readonly folder: string | null;
  /** Bytes to fetch; null: it cannot be fetched. */
  readonly download: number | null;
  readonly licence: string;
  readonly page: string;
}

/** What `snn data list` prints. */
export function dataTable(rows: readonly DataSetRow[], cache: string): string {
  const columns = ['data set', 'images', 'classes', 'download', 'licence', 'found in'].map(
    (head) =>
      ({ head, align: head === 'classes' || head === 'download' ? 'right' : 'left' }) as const,
  );
  return [
    table(
      columns,
      rows.map(({ set, image, classes, download, licence, folder }) => [
        set,
        image,
        classes,
        download === null ? 'on request' : scaled(download, 'B'),
        licence,
        folder ?? '- missing',
      ]),
    ),
    '',
    `snn data fetch NAME brings a data set into ${cache}; SNN_DATA names another folder.`,
    'Images of your own: data.set: folder, with data.path, data.image and data.classes.',
  ].join('\n');
}
