import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  jsonMetadata,
  type NamedTensor,
} from '../../src/model/safetensors.js';
import { failureOf } from '../support/failure.js';

const tensors = fc
  .oneof(fc.float32Array({ noNaN: true }), fc.uint16Array(), fc.uint8Array())
  .map((values): NamedTensor => ({ shape: [values.length], values }));

const names = fc.string({ minLength: 1, unit: 'binary' }).filter((name) => !name.startsWith('__'));
const files = fc.tuple(
  fc.uniqueArray(fc.tuple(names, tensors), { selector: ([name]) => name, maxLength: 6 }),
  fc.dictionary(names, fc.string({ unit: 'binary' }), { noNullPrototype: true }),
);

/** The header of a file, read by the format's own words. */
function headerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  return { length, header: JSON.parse(text) };
}

/** A file with this header and these values behind it. */
function fileOf(header: string, values: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(values, 8 + text.length);
  return bytes;
}

test('tensors and text come back, from wherever in memory the file lies', () => {
  fc.assert(
    fc.property(files, fc.integer({ min: 0, max: 9 }), ([entries, metadata], offset) => {
      const bytes = encodeSafetensors(new Map(entries), metadata);
      const memory = Buffer.alloc(offset + bytes.length + 3, 0xaa);
      memory.set(bytes, offset);
      const found = decodeSafetensors(memory.subarray(offset, offset + bytes.length));
      expect(found.tensors).toEqual(new Map(entries));
      expect(found.metadata).toEqual(metadata);
    }),
  );
});

test('every tensor lies aligned, one behind the other, in falling element size', () => {
  fc.assert(
    fc.property(files, ([entries, metadata]) => {
      const bytes = encodeSafetensors(new Map(entries), metadata);
      const { length, header } = headerOf(bytes);
      expect((8 + length) % 8).toBe(0);
      const places: [number, number][] = entries.map(([name]) => header[name].data_offsets);
      places.sort(([a, aEnd], [b, bEnd]) => a - b || aEnd - bEnd);
      expect(places.map(([start]) => start)).toEqual(
        [0, ...places.map(([, end]) => end)].slice(0, entries.length),
      );
      for (const [name, { values }] of entries) {
        expect(header[name].data_offsets[0] % values.BYTES_PER_ELEMENT).toBe(0);
      }
    }),
  );
});

test('values are little-endian, as the format wants them', () => {
  const bytes = encodeSafetensors(
    new Map([
      ['b', { shape: [2], values: Uint16Array.of(0x0102, 3) }],
      ['a', { shape: [1, 1], values: Float32Array.of(1) }],
    ]),
    {},
  );
  const { length, header } = headerOf(bytes);
  expect(header.a).toEqual({ dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] });
  expect(header.b).toEqual({ dtype: 'U16', shape: [2], data_offsets: [4, 8] });
  expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 2, 1, 3, 0]);
});

describe('a file is refused', () => {
  const entry = (description: object) => JSON.stringify({ w: description });
  const sound = { dtype: 'U16', shape: [2], data_offsets: [0, 4] };

  test('not when it is sound', () => {
    const { tensors } = decodeSafetensors(fileOf(entry(sound), [1, 0, 2, 0]));
    expect(tensors.get('w')?.values).toEqual(Uint16Array.of(1, 2));
  });

  test.each([
    ['empty', new Uint8Array()],
    ['shorter than a header length', new Uint8Array(7)],
    ['with a header longer than itself', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125)],
    ['with a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 123, 125)],
    ['with a header that is no JSON', fileOf('{')],
    ['with a header that is no object', fileOf('[]')],
    ['with a header that is no UTF-8', new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff])],
    ['with a tensor that is no object', fileOf('{"w":1}')],
    ['of another type', fileOf(entry({ ...sound, dtype: 'F64' }), [1, 0, 2, 0])],
    ['of no type', fileOf(entry({ ...sound, dtype: 'toString' }), [1, 0, 2, 0])],
    ['with a negative size', fileOf(entry({ ...sound, shape: [-2] }), [1, 0, 2, 0])],
    ['with a size between two', fileOf(entry({ ...sound, shape: [1.5] }), [1, 0, 2, 0])],
    ['with another number of values', fileOf(entry({ ...sound, shape: [3] }), [1, 0, 2, 0])],
    ['with values behind its end', fileOf(entry(sound), [1, 0, 2])],
    [
      'with a place that ends before it starts',
      fileOf(entry({ ...sound, data_offsets: [4, 0] }), [1, 0, 2, 0]),
    ],
    ['with no place', fileOf(entry({ dtype: 'U16', shape: [2] }), [1, 0, 2, 0])],
  ])('%s', async (_, bytes) => {
    const failure = await failureOf(() => decodeSafetensors(bytes));
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain('safetensors');
  });
});

test.each([
  ['an object', '{"a":1}', { a: 1 }],
  ['an array', '[1]', {}],
  ['no JSON', '{', {}],
])('JSON in the metadata: %s', (_, text, expected) => {
  expect(jsonMetadata({ key: text }, 'key')).toEqual(expected);
  expect(jsonMetadata({}, 'key')).toEqual({});
});
