import { Failure } from '../../util/failure.js';

/** An array of unsigned bytes with its dimensions, as IDX files hold it. */
export interface IdxArray {
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes (the format of MNIST: two zero bytes, type 0x08, number of
 * dimensions, each dimension as a big-endian 32-bit integer, then the values).
 *
 * @param file what to call the file in errors
 * @throws Failure when the header is not IDX or the values are fewer or more than it says
 */
export function decodeIdx(bytes: Uint8Array, file: string): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0 || bytes[2] !== 0x08) {
    throw new Failure('input', `${file}: not an IDX file of unsigned bytes`, [
      'fetch the file again; it may be compressed (.gz) or an error page',
    ]);
  }
  const rank = bytes[3];
  const header = 4 + 4 * rank;
  if (bytes.length < header) {
    throw new Failure('input', `${file}: cut off inside its header`, ['fetch the file again']);
  }
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length - header !== expected) {
    throw new Failure(
      'input',
      `${file}: ${dimensions.join(' x ')} values promised, ${bytes.length - header} bytes found`,
      ['fetch the file again'],
    );
  }
  return { dimensions, values: bytes.subarray(header) };
}
