/**
 * Bytes as the elements of a C array of uint64_t, little-endian and filled up with zeros, behind a definition
 * of their number.
 */
export function cArray(bytes: Uint8Array): string {
  const words = new BigUint64Array(Math.ceil(bytes.length / 8));
  new Uint8Array(words.buffer).set(bytes);
  const lines = [`#define SNN_IMAGE_BYTES ${bytes.length}`];
  for (let i = 0; i < words.length; i += 4) {
    const some = Array.from(words.subarray(i, i + 4), (word) => `0x${word.toString(16)},`);
    lines.push(some.join(' '));
  }
  return `${lines.join('\n')}\n`;
}
