/** Bytes at which values are placed: a cache line. */
const alignment = 64;

/** `bytes` rounded up to whole cache lines. */
export function aligned(bytes: number): number {
  return alignment * Math.ceil(bytes / alignment);
}

/** Values that never change, laid one behind the other; kernels know them by their offsets. */
export interface Constants {
  /** Places values and says at which offset. */
  readonly add: (values: Uint8Array | Int16Array | Int32Array | Uint32Array) => number;
  readonly size: () => number;
  /** All values placed so far. */
  readonly bytes: () => Uint8Array;
}

/** Constants without any values yet. */
export function newConstants(): Constants {
  const placed: Uint8Array[] = [];
  let size = 0;
  return {
    add: (values) => {
      const at = size;
      placed.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      size = aligned(size + values.byteLength);
      return at;
    },
    size: () => size,
    bytes: () => {
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const values of placed) {
        bytes.set(values, at);
        at = aligned(at + values.byteLength);
      }
      return bytes;
    },
  };
}
