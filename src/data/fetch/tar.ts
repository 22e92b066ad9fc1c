/** A regular file of an archive. */
export interface TarEntry {
  /** Its path in the archive. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const blockSize = 512;

function text(block: Uint8Array, from: number, length: number): string {
  const field = Buffer.from(block.subarray(from, from + length));
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Sum of a header's bytes, those of the checksum itself counted as blanks. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}

/**
 * The regular files of a tar archive (POSIX ustar: blocks of 512 bytes, octal sizes).
 *
 * @throws Error where a header's checksum is wrong or the archive ends inside a file
 */
export function tarEntries(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  let offset = 0;
  while (offset + blockSize <= archive.length) {
    const header = archive.subarray(offset, offset + blockSize);
    if (header.every((byte) => byte === 0)) break;
    if (checksum(header) !== Number.parseInt(text(header, 148, 8), 8)) {
      throw new Error(`no tar header at byte ${offset}`);
    }
    const size = Number.parseInt(text(header, 124, 12), 8) || 0;
    const begin = offset + blockSize;
    if (begin + size > archive.length) throw new Error(`cut off in ${text(header, 0, 100)}`);
    const type = text(header, 156, 1);
    if (type === '0' || type === '') {
      const folder = text(header, 345, 155);
      const name = text(header, 0, 100);
      entries.push({
        name: folder === '' ? name : `${folder}/${name}`,
        bytes: archive.subarray(begin, begin + size),
      });
    }
    offset = begin + Math.ceil(size / blockSize) * blockSize;
  }
  return entries;
}
