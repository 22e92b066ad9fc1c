/** Collects little-endian values into one byte array. */
function byteWriter() {
  const chunks: Uint8Array[] = [];
  const raw = (bytes: Uint8Array) => {
    chunks.push(bytes);
  };
  const scalar = (size: number, write: (view: DataView) => void) => {
    const bytes = new Uint8Array(size);
    write(new DataView(bytes.buffer));
    raw(bytes);
  };
  const array = (
    values: ArrayLike<number>,
    size: number,
    write: (view: DataView, at: number, value: number) => void,
  ) => {
    scalar(values.length * size, (view) => {
      for (let i = 0; i < values.length; i++) write(view, i * size, values[i]);
    });
  };
  return {
    raw,
    u8: (value: number) => scalar(1, (view) => view.setUint8(0, value)),
    u16: (value: number) => scalar(2, (view) => view.setUint16(0, value, true)),
    u32: (value: number) => scalar(4, (view) => view.setUint32(0, value, true)),
    f64: (value: number) => scalar(8, (view) => view.setFloat64(0, value, true)),
    i8s: (values: Int8Array) => array(values, 1, (view, at, value) => view.setInt8(at, value)),
    i16s: (values: Int16Array) =>
      array(values, 2, (view, at, value) => view.setInt16(at, value, true)),
    i32s: (values: Int32Array) =>
      array(values, 4, (view, at, value) => view.setInt32(at, value, true)),
    finish: () => {
      const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return bytes;
    },
  };
}

/** The bytes that `fill` writes. */
export function buildBytes(fill: (writer: ByteWriter) => void): Uint8Array {
  const writer = byteWriter();
  fill(writer);
  return writer.finish();
}

/**
 * Reads little-endian values one after the other. `take` is called before anything is allocated and
 * throws by `fail` where fewer bytes are left than asked for.
 */
export function byteReader(bytes: Uint8Array, fail: (what: string) => never) {
  let at = 0;
  const take = (size: number): Uint8Array => {
    if (size > bytes.length - at) fail(`ends ${size - (bytes.length - at)} bytes too early`);
    at += size;
    return bytes.subarray(at - size, at);
  };
  const view = (size: number) => {
    const part = take(size);
    return new DataView(part.buffer, part.byteOffset, part.length);
  };
  const array = <Values extends Int8Array | Int16Array | Int32Array>(
    count: number,
    size: number,
    make: (count: number) => Values,
    read: (view: DataView, at: number) => number,
  ): Values => {
    const part = view(count * size);
    const values = make(count);
    for (let i = 0; i < count; i++) values[i] = read(part, i * size);
    return values;
  };
  return {
    raw: take,
    u8: () => view(1).getUint8(0),
    u16: () => view(2).getUint16(0, true),
    u32: () => view(4).getUint32(0, true),
    f64: () => view(8).getFloat64(0, true),
    i8s: (count: number) =>
      array(
        count,
        1,
        (length) => new Int8Array(length),
        (part, i) => part.getInt8(i),
      ),
    i16s: (count: number) =>
      array(
        count,
        2,
        (length) => new Int16Array(length),
        (part, i) => part.getInt16(i, true),
      ),
    i32s: (count: number) =>
      array(
        count,
        4,
        (length) => new Int32Array(length),
        (part, i) => part.getInt32(i, true),
      ),
    /** Fails unless every byte has been read. */
    end: () => {
      if (at !== bytes.length) fail(`holds ${bytes.length - at} bytes too many`);
    },
  };
}

export type ByteReader = ReturnType<typeof byteReader>;
export type ByteWriter = ReturnType<typeof byteWriter>;
