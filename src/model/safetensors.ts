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

/** Ends the reading of a damaged file; `at` is the byte where it shows. */
type Damaged = (why: string, at: number) => never;

function damaged(why: string): never {
  throw new Failure('input', `not a sound safetensors file: ${why}`);
}

/** A tensor of a file: its type as the file has it, and its bytes `start` to `end` in the file. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header of a safetensors file. No place reaches beyond the file; whether it is as long as
 * the tensor is for the caller to see, who knows the type.
 *
 * @param fail ends the reading where the header is no JSON object or a tensor has no shape or place
 */
export function safetensorsPlaces(
  bytes: Uint8Array,
  fail: Damaged,
): {
  readonly places: readonly TensorPlace[];
  readonly metadata: Readonly<Record<string, string>>;
} {
  if (bytes.length < 8) return fail('shorter than its header', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > headerLimit || 8 + headerLength > bytes.length) {
    return fail(`header of ${headerLength} bytes in a file of ${bytes.length}`, 0);
  }
  const dataAt = 8 + headerLength;
  const header = parseHeader(bytes.subarray(8, dataAt), fail);
  const places = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]): TensorPlace => {
      if (!isRecord(entry)) return fail(`${name} has no description`, 8);
      const { dtype, shape, data_offsets: place } = entry;
      if (typeof dtype !== 'string') return fail(`${name} has no type`, 8);
      if (!isSizes(shape) || !isSizes(place) || place.length !== 2) {
        return fail(`${name} has no shape or no place`, 8);
      }
      const [start, end] = place.map((offset) => dataAt + offset);
      if (end < start || end > bytes.length) return fail(`${name} lies outside the file`, 8);
      return { name, dtype, shape, start, end };
    });
  return { places, metadata: readMetadata(header.__metadata__) };
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
  const { places, metadata } = safetensorsPlaces(bytes, damaged);
  const tensors = new Map(places.map((place) => [place.name, readTensor(bytes, place)]));
  return { tensors, metadata };
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

function parseHeader(bytes: Uint8Array, fail: Damaged): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail('its header is no JSON', 8);
  }
  return isRecord(header) ? header : fail('its header is no JSON object', 8);
}

function readMetadata(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isDtype(value: string): value is Dtype {
  return Object.hasOwn(dtypes, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function readTensor(
  bytes: Uint8Array,
  { name, dtype, shape, start, end }: TensorPlace,
): NamedTensor {
  if (!isDtype(dtype)) return damaged(`${name} is of type ${dtype}`);
  const type = dtypes[dtype];
  const elements = shape.reduce((product, n) => product * n, 1);
  if (end - start !== elements * type.BYTES_PER_ELEMENT) {
    damaged(`${name} is not as long as its shape`);
  }
  const copy = new Uint8Array(bytes.subarray(start, end));
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
