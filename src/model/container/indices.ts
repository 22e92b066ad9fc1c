import { decodeAdaptive, encodeAdaptive } from './adaptive.js';
import { packBits, packedBytes, readBits } from './bits.js';
import type { ByteReader, ByteWriter } from './bytes.js';

/** How INDX writes the codings of a layer's indices from format version 3 on. */
const codingCodes = { plain: 0, adaptive: 1 } as const;

/** `plain`: tau bits each. `adaptive`: in as many bits as their use of the members calls for. */
export type Coding = keyof typeof codingCodes;

/** A layer's indices as a file holds them. */
export interface CodedIndices {
  readonly coding: Coding;
  readonly bytes: Uint8Array;
}

/** Bytes in front of adaptively coded indices: how many of them there are. */
const lengthBytes = 4;

/** Adaptively coded indices take no less than the plain ones by this, so that a file backs what it unfolds to. */
const largestGain = 16;

function fewestAdaptive(count: number, tau: number): number {
  return Math.ceil(packedBytes(count, tau) / largestGain);
}

function mostAdaptive(count: number, tau: number): number {
  return packedBytes(count, tau) - lengthBytes - 1;
}

/** Codes indices of `tau` bits the shorter way. */
export function codeIndices(indices: Uint16Array, tau: number): CodedIndices {
  const adaptive = encodeAdaptive(indices, tau);
  const pays =
    adaptive.length <= mostAdaptive(indices.length, tau) &&
    adaptive.length >= fewestAdaptive(indices.length, tau);
  return pays
    ? { coding: 'adaptive', bytes: adaptive }
    : { coding: 'plain', bytes: packBits(indices, tau) };
}

/** Writes indices as format version 3 does, where a layer tells its coding. */
export function writeCoded(writer: ByteWriter, { coding, bytes }: CodedIndices): void {
  writer.u8(codingCodes[coding]);
  if (coding === 'adaptive') writer.u32(bytes.length);
  writer.raw(bytes);
}

/** Indices as they were read, and what they took of the file. */
export interface ReadIndices {
  readonly values: Uint16Array;
  readonly coding: Coding;
  /** With what tells the coding. */
  readonly bytes: number;
}

/** Reads `count` indices of `tau` bits that stand there without a word about their coding. */
export function readPlain(
  reader: ByteReader,
  count: number,
  tau: number,
  fail: (what: string) => never,
): ReadIndices {
  const values = readBits(reader, count, tau, fail);
  return { values, coding: 'plain', bytes: packedBytes(count, tau) };
}

/** Reads what {@link writeCoded} wrote. */
export function readCoded(
  reader: ByteReader,
  count: number,
  tau: number,
  fail: (what: string) => never,
): ReadIndices {
  const code = reader.u8();
  if (code === codingCodes.plain) {
    const plain = readPlain(reader, count, tau, fail);
    return { ...plain, bytes: 1 + plain.bytes };
  }
  if (code !== codingCodes.adaptive) fail(`has coding ${code}, not 0 or 1`);
  const length = reader.u32();
  const [fewest, most] = [fewestAdaptive(count, tau), mostAdaptive(count, tau)];
  if (length < fewest || length > most) {
    fail(`has ${length} bytes of coded indices in place of ${fewest} to ${most}`);
  }
  const values = decodeAdaptive(reader.raw(length), count, tau);
  return {
    values: values ?? fail('has coded indices that no encoder writes'),
    coding: 'adaptive',
    bytes: 1 + lengthBytes + length,
  };
}
