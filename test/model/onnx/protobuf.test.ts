import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeOnnx } from '../../../src/model/onnx/graph.js';
import { intField, intsField, message, stringField } from '../../../src/model/onnx/protobuf.js';

/** A field as it was read: an integer, or bytes. */
type Field = readonly [number: number, value: bigint | Uint8Array];

/** Reads one varint: its value and where it ends. */
function readVarint(bytes: Uint8Array, from: number): [bigint, number] {
  let value = 0n;
  for (let at = from; ; at++) {
    value |= BigInt(bytes[at] & 127) << BigInt(7 * (at - from));
    if (bytes[at] < 128) return [value, at + 1];
  }
}

/** Reads a message by the rules of the wire format, written anew here. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [key, behind] = readVarint(bytes, at);
    const [value, end] = readVarint(bytes, behind);
    const number = Number(key >> 3n);
    const isBytes = (key & 7n) === 2n;
    at = isBytes ? end + Number(value) : end;
    fields.push([number, isBytes ? bytes.subarray(end, at) : value]);
  }
  expect(at).toBe(bytes.length);
  return fields;
}

function bytesOf(bytes: Uint8Array, ...path: number[]): Uint8Array[] {
  const [first, ...rest] = path;
  const found = fieldsOf(bytes).flatMap(([number, value]) =>
    number === first && value instanceof Uint8Array ? [value] : [],
  );
  return rest.length === 0 ? found : found.flatMap((inner) => bytesOf(inner, ...rest));
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the wire format of protocol buffers', () => {
  it('is that of its documentation', () => {
    expect(Array.from(intField(1, 150))).toEqual([0x08, 0x96, 0x01]);
    expect(Array.from(stringField(2, 'testing'))).toEqual([
      0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67,
    ]);
    expect(Array.from(intsField(6, [3, 270, 86942]))).toEqual([
      0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05,
    ]);
  });

  it('carries any integers and strings', () => {
    const numbers = fc.integer({ min: 1, max: 500 });
    const values = fc.oneof(fc.maxSafeNat(), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(numbers, values)), (wanted) => {
        const bytes = message(
          ...wanted.map(([number, value]) =>
            typeof value === 'number' ? intField(number, value) : stringField(number, value),
          ),
        );
        const found = fieldsOf(bytes).map(([number, value]) => [
          number,
          value instanceof Uint8Array ? text(value) : Number(value),
        ]);
        expect(found).toEqual(wanted.map(([number, value]) => [number, value]));
      }),
    );
  });
});

describe('an ONNX file', () => {
  it('holds nodes, constants, inputs and outputs where onnx.proto has them', () => {
    const bytes = encodeOnnx(
      {
        name: 'graph',
        inputs: [{ name: 'x', shape: ['images', 2] }],
        outputs: [{ name: 'y', shape: ['images', 2] }],
        constants: [{ name: 'w', shape: [1, 2], values: Float32Array.of(0.5, -2) }],
        nodes: [{ type: 'Add', inputs: ['x', 'w'], outputs: ['y'], attributes: { axes: [1, 2] } }],
      },
      'test',
    );
    expect(fieldsOf(bytes)[0]).toEqual([1, 8n]);
    expect(bytesOf(bytes, 2).map(text)).toEqual(['test']);
    expect(bytesOf(bytes, 8).map((set) => fieldsOf(set)[1])).toEqual([[2, 17n]]);
    expect(bytesOf(bytes, 7, 1, 1).map(text)).toEqual(['x', 'w']);
    expect(bytesOf(bytes, 7, 1, 2).map(text)).toEqual(['y']);
    expect(bytesOf(bytes, 7, 1, 4).map(text)).toEqual(['Add']);
    expect(bytesOf(bytes, 7, 1, 5, 8).map((list) => Array.from(list))).toEqual([[1, 2]]);
    expect(bytesOf(bytes, 7, 5, 1).map((list) => Array.from(list))).toEqual([[1, 2]]);
    expect(bytesOf(bytes, 7, 5, 9).map((raw) => Array.from(raw))).toEqual([
      [0, 0, 0, 0x3f, 0, 0, 0, 0xc0],
    ]);
    expect(bytesOf(bytes, 7, 11, 1).map(text)).toEqual(['x']);
    expect(bytesOf(bytes, 7, 11, 2, 1, 2, 1, 2).map(text)).toEqual(['images']);
    expect(bytesOf(bytes, 7, 12, 1).map(text)).toEqual(['y']);
  });
});
