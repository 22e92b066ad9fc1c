/** First byte of every frame. */
const start = 0x5b;

/** Most payload halves of a frame. */
export const mostHalves = 255;

/** A request or an answer: sequence number and code are bytes, the payload is 16-bit halves. */
export interface Frame {
  readonly sequence: number;
  readonly code: number;
  readonly halves: Uint16Array;
}

/** CRC-16/CCITT-FALSE: polynomial 0x1021, most significant bit first, from 0xFFFF. */
export function crc16(bytes: Iterable<number>): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
    }
  }
  return crc;
}

/**
 * The bytes of a frame: 0x5B, sequence number, code, number of halves, the halves with their low byte
 * first, and the CRC of all but the first byte, low byte first.
 */
export function encodeFrame({ sequence, code, halves }: Frame): Uint8Array {
  if (halves.length > mostHalves) throw new RangeError(`${halves.length} halves in a frame`);
  const bytes = new Uint8Array(6 + 2 * halves.length);
  bytes.set([start, sequence, code, halves.length]);
  halves.forEach((half, i) => {
    bytes.set([half & 0xff, half >> 8], 4 + 2 * i);
  });
  const crc = crc16(bytes.subarray(1, -2));
  bytes.set([crc & 0xff, crc >> 8], bytes.length - 2);
  return bytes;
}

/**
 * Takes bytes as they come and gives the whole frames among them; `null` stands for a frame whose CRC
 * is wrong. Bytes before a frame are passed over.
 */
export function frameDecoder(): (bytes: Uint8Array) => (Frame | null)[] {
  let pending: number[] = [];
  return (bytes) => {
    pending.push(...bytes);
    const frames: (Frame | null)[] = [];
    for (;;) {
      const first = pending.indexOf(start);
      pending = first < 0 ? [] : pending.slice(first);
      const size = 6 + 2 * (pending[3] ?? mostHalves);
      if (pending.length < size) return frames;
      const [, sequence, code, count] = pending;
      const crc = pending[size - 2] | (pending[size - 1] << 8);
      const good = crc === crc16(pending.slice(1, size - 2));
      const halves = Uint16Array.from(
        { length: count },
        (_, i) => pending[4 + 2 * i] | (pending[5 + 2 * i] << 8),
      );
      frames.push(good ? { sequence, code, halves } : null);
      // Behind a damaged frame, look for the next one already inside it.
      pending = pending.slice(good ? size : 1);
    }
  };
}
