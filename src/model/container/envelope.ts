import { Failure } from '../../util/failure.js';
import { buildBytes } from './bytes.js';
import { crc32c } from './crc32c.js';
import {
  entryBytes,
  formatVersion,
  headerBytes,
  magic,
  preambleBytes,
  type SectionTag,
  sections,
  sectionTags,
} from './sections.js';

/** Refuses a file for what is wrong at a place of it. */
export type Refuse = (place: string, what: string) => never;

/** Refuses by a Failure that names the file, the place and what to do. */
export function refuser(file: string): Refuse {
  return (place, what) => {
    throw new Failure('input', `${file}: ${place} ${what}`, [
      'fetch or pack the model again; the file is damaged or was written by another program',
    ]);
  };
}

/** A file's sections and the version of the format that they are written in. */
export interface Sections {
  readonly version: number;
  readonly bodies: Readonly<Record<SectionTag, Uint8Array>>;
}

/**
 * Splits a file into its sections, every byte of it checked.
 *
 * @throws Failure naming what is cut off or damaged, or the version where it is newer
 */
export function readSections(bytes: Uint8Array, file: string, refuse: Refuse): Sections {
  if (bytes.length < magic.length || magic.some((byte, i) => bytes[i] !== byte)) {
    refuse('header', 'is not that of a packed model');
  }
  if (bytes.length < preambleBytes) refuse('header', 'is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sumMatches = (end: number) =>
    view.getUint32(end - 4, true) === crc32c(bytes.subarray(0, end - 4));
  if (!sumMatches(preambleBytes)) refuse('header', 'is damaged (checksum differs)');
  const version = view.getUint16(8, true);
  if (version > formatVersion) {
    throw new Failure(
      'input',
      `${file}: needs a reader of format version ${version}; this program reads versions 1 to ${formatVersion}`,
      [
        'use a newer version of this program',
        'or pack the model again with this one: snn run SPEC --until pack',
      ],
    );
  }
  if (version < 1) refuse('header', `is of unknown format version ${version}`);
  if (view.getUint16(10, true) !== sectionTags.length) {
    refuse('header', `does not count ${sectionTags.length} sections`);
  }
  const fileBytes = view.getUint32(12, true);
  if (bytes.length < fileBytes) {
    refuse('file', `is cut off: ${bytes.length} of ${fileBytes} bytes are there`);
  }
  if (bytes.length > fileBytes) {
    refuse('file', `has ${bytes.length - fileBytes} bytes behind its end`);
  }
  if (bytes.length < headerBytes || !sumMatches(headerBytes)) {
    refuse('section table', 'is damaged (checksum differs)');
  }

  let start = headerBytes;
  const read = sectionTags.map((tag, i): [SectionTag, Uint8Array] => {
    const entry = preambleBytes + i * entryBytes;
    const found = String.fromCharCode(...bytes.subarray(entry, entry + 4));
    if (found !== tag) refuse('section table', `has ${JSON.stringify(found)} in place of ${tag}`);
    const length = view.getUint32(entry + 4, true);
    if (length > bytes.length - start)
      refuse(describeSection(tag), 'reaches beyond the end of the file');
    const body = bytes.subarray(start, start + length);
    if (crc32c(body) !== view.getUint32(entry + 8, true)) {
      refuse(describeSection(tag), 'is damaged (checksum differs)');
    }
    start += length;
    return [tag, body];
  });
  if (start !== bytes.length) refuse('section table', 'does not cover the whole file');
  return { version, bodies: Object.fromEntries(read) as Record<SectionTag, Uint8Array> };
}

/** A little-endian CRC-32C of all bytes so far, appended to them. */
function checked(bytes: Uint8Array): Uint8Array {
  return buildBytes((writer) => {
    writer.raw(bytes);
    writer.u32(crc32c(bytes));
  });
}

/** A file of these sections, with its header and checksums. */
export function writeSections({ version, bodies }: Sections): Uint8Array {
  const bodyBytes = sectionTags.reduce((sum, tag) => sum + bodies[tag].length, 0);
  const preamble = buildBytes((writer) => {
    writer.raw(magic);
    writer.u16(version);
    writer.u16(sectionTags.length);
    writer.u32(headerBytes + bodyBytes);
  });
  const header = buildBytes((writer) => {
    writer.raw(checked(preamble));
    for (const tag of sectionTags) {
      writer.raw(new TextEncoder().encode(tag));
      writer.u32(bodies[tag].length);
      writer.u32(crc32c(bodies[tag]));
    }
  });
  return buildBytes((writer) => {
    writer.raw(checked(header));
    for (const tag of sectionTags) writer.raw(bodies[tag]);
  });
}

/** What messages call a section. */
export function describeSection(tag: SectionTag): string {
  return `section ${tag} (${sections[tag]})`;
}
