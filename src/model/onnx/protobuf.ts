/*
 * The wire format of protocol buffers, as far as ONNX needs it
 * (protobuf.dev/programming-guides/encoding): a message is the concatenation of its fields.
 */

const encoder = new TextEncoder();

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Seven bits a byte, lowest first. @param value an integer of 0..2^53-1 */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}

const wireTypes = { varint: 0, bytes: 2, fixed32: 5 } as const;

function key(field: number, type: keyof typeof wireTypes): Uint8Array {
  return varint(8 * field + wireTypes[type]);
}

/** A message of the given fields. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return concat(fields);
}

/** A field of raw bytes; also of a message that lies inside another. */
export function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concat([key(field, 'bytes'), varint(bytes.length), bytes]);
}

export function stringField(field: number, text: string): Uint8Array {
  return bytesField(field, encoder.encode(text));
}

/** @param value an integer of 0..2^53-1 */
export function intField(field: number, value: number): Uint8Array {
  return concat([key(field, 'varint'), varint(value)]);
}

/** A repeated integer field, packed. @param values integers of 0..2^53-1 */
export function intsField(field: number, values: readonly number[]): Uint8Array {
  return bytesField(field, concat(values.map(varint)));
}

/** The fields of several messages or strings under one number. */
export function repeated<Item>(
  field: (item: Item) => Uint8Array,
  items: readonly Item[],
): Uint8Array {
  return concat(items.map(field));
}
