import { Failure } from '../util/failure.js';
import { isRecord } from '../util/json.js';

/** A named array of a safetensors file. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint16Array | Uint8Array;
}

const dtypes = { F32: Float32Array, U16: Uint16Array, U8: Uint8Array } as const;
type Dtype = keyof typeof dtypes;

/** Header bytes that a reader accepts at most. */
const headerLimit = 16 * 2 ** 20;

function dtypeOf(values: NamedTensor['values']): Dtype {
  if (values instanceof Float32Array) return 'F32';
  return values instanceof Uint16Array ? 'U16' : 'U8';
}

/**
 * Writes tensors and text as a safetensors file: header length (64-bit little-endian), JSON header,
 * values. The same input gives the same bytes. Tensors follow each other by falling element size, so
 * that every one is aligned.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const ordered = [...tensors].sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of ordered) {
    const end = offset + values.byteLength;
    header[name] = { dtype: dtypeOf(values), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset).fill(0x20, 8, 8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const [, { values }] of ordered) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

function damaged(why: string): Failure {
  return new Failure('input', `not a sound safetensors file: ${why}`);
}

/**
 * Reads a safetensors file of float32, uint16 and uint8 tensors.
 *
 * @throws Failure when the header is no JSON object, or a tensor's type, shape or place is not what
 * the file backs
 */
export function decodeSafetensors(bytes: Uint8Array): {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
} {
  if (bytes.length < 8) throw damaged('shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > headerLimit || 8 + headerLength > bytes.length) {
    throw damaged(`header of ${headerLength} bytes in a file of ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength));
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, readTensor(name, entry, data));
  }
  return { tensors, metadata: readMetadata(header.__metadata__) };
}

/** The JSON object that `metadata` holds under `key`; an empty one when it holds none. */
export function jsonMetadata(
  metadata: Readonly<Record<string, string>>,
  key: string,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(metadata[key] ?? '{}');
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged('its header is no JSON');
  }
  if (!isRecord(header)) throw damaged('its header is no JSON object');
  return header;
}

function readMetadata(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(dtypes, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function readTensor(name: string, entry: unknown, data: Uint8Array): NamedTensor {
  if (!isRecord(entry)) throw damaged(`${name} has no description`);
  const { dtype, shape, data_offsets: place } = entry;
  if (!isDtype(dtype)) throw damaged(`${name} is of type ${String(dtype)}`);
  if (!isSizes(shape) || !isSizes(place) || place.length !== 2) {
    throw damaged(`${name} has no shape or no place`);
  }
  const [start, end] = place;
  const type = dtypes[dtype];
  const elements = shape.reduce((product, n) => product * n, 1);
  if (end > data.length || end - start !== elements * type.BYTES_PER_ELEMENT) {
    throw damaged(`${name} lies outside the file or is not as long as its shape`);
  }
  const copy = new Uint8Array(data.subarray(start, end));
  return { shape, values: new type(copy.buffer, 0, elements) };
}

/**
 * Fetches a file's tensors by name, type and number of values.
 *
 * @param holder what to call the file in errors: `the checkpoint`
 * @returns a function that throws a Failure where the file has no such tensor
 */
export function tensorsOf(tensors: ReadonlyMap<string, NamedTensor>, holder: string) {
  return <Kind extends Float32Array | Uint16Array>(
    name: string,
    type: { new (length: number): Kind },
    length: number,
  ): Kind => {
    const values = tensors.get(name)?.values;
    if (values instanceof type && values.length === length) return values;
    throw new Failure('input', `${holder} has no tensor ${name} that fits the network`);
  };
}
