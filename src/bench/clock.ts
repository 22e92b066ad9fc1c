import { interleaved } from '../util/timing.js';

/** Additions and exclusive ors in turn, each waiting for the one before: two cycles a pair. */
const pairs = 64;
const loops = 20_000;

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)];
}

const sized = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]) => [id, ...sized(bytes)];

/** `chain(count, a, b)`: so many loops of `pairs` times `x = (x + a) ^ b`; gives x. */
function chainModule(): Uint8Array<ArrayBuffer> {
  const [i32, get, set, tee, add, xor, subtract] = [0x7f, 0x20, 0x21, 0x22, 0x6a, 0x73, 0x6b];
  const [count, a, b, x] = [0, 1, 2, 3];
  const pair = [get, a, add, get, b, xor];
  const loop = [
    ...[0x03, 0x40, get, x],
    ...new Array(pairs).fill(pair).flat(),
    ...[set, x, get, count, 0x41, 1, subtract, tee, count, 0x0d, 0, 0x0b],
  ];
  const code = [1, 1, i32, ...loop, get, x, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, i32, i32, 1, i32]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...sized([...new TextEncoder().encode('chain')]), 0, 0]),
    ...section(10, [1, ...sized(code)]),
  ]);
}

/** GHz at which this thread runs now: by a chain of operations of one cycle, each on the last one's result. */
export async function measureClock(): Promise<number> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(chainModule()), {});
  const chain = exports.chain as (count: number, a: number, b: number) => number;
  const { clock } = await interleaved({ clock: () => chain(loops, 3, 5) }, { repeats: 30 });
  return (2 * pairs * loops) / (1e6 * clock.median);
}
