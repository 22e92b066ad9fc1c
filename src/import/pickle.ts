import type { Allowance, Refuse } from './allowance.js';
import { opcodeNames, opcodes } from './pickle-opcodes.js';
import { cost, pickleStack } from './pickle-stack.js';
import { isOf, type Pickled, type PickledName } from './pickled.js';

/** The objects that may be built, and from what; `at` is the byte to name in errors. */
export interface Constructors {
  /** Whether `name` (`module.attribute`) is one of the few that may stand in the pickle. */
  knows(name: string): boolean;
  /** What a call of the known `name` gives. */
  call(name: string, args: readonly Pickled[], at: number): Pickled;
  /** What lies outside of the pickle under a persistent id. */
  persistent(id: Pickled, at: number): Pickled;
}

/** Where a pickle lies and who answers for it. */
export interface PickleSource {
  readonly bytes: Uint8Array;
  /** Its first byte. */
  readonly at: number;
  /** Behind the last byte that it may reach. */
  readonly end: number;
  readonly constructors: Constructors;
  readonly allowance: Allowance;
  readonly refuse: Refuse;
}

/** Longest name of a module or attribute. */
const nameLimit = 128;

/** Most bytes of an integer; the magic number of PyTorch's files has ten. */
const integerLimit = 16;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder('latin1');

/** Little-endian two's complement; a bigint where a number would not hold it. */
function integer(bytes: Uint8Array): number | bigint {
  const bits = bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const signed = BigInt.asIntN(8 * bytes.length, bits);
  const small = Number(signed);
  return Number.isSafeInteger(small) ? small : signed;
}

/**
 * Reads a pickle of protocol 2 as data: a closed interpreter of the opcodes that dicts, lists, numbers,
 * text and the given constructors need. Any other opcode and any other name is refused by name;
 * nothing is imported, called or executed. Time grows with the bytes of the pickle; memory is charged.
 *
 * @returns the value, and the place behind the pickle's last byte
 * @throws Failure, by `refuse`, that names the byte of the opcode which cannot be followed
 */
export function readPickle(source: PickleSource): { value: Pickled; end: number } {
  const { bytes, end, constructors, allowance } = source;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = source.at;
  let opcodeAt = at;

  const refuse = (what: string, next?: readonly string[]): never =>
    source.refuse(opcodeAt, what, next);
  const charge = (size: number) => allowance.charge(size, opcodeAt);
  const stack = pickleStack({ charge, refuse });
  const take = (count: number): number => {
    if (count > end - at) refuse('the pickle is cut off');
    at += count;
    return at - count;
  };
  const u8 = () => bytes[take(1)];
  const u32 = () => view.getUint32(take(4), true);
  const text = (length: number, decoder: typeof utf8): string => {
    const from = take(length);
    charge(cost.text + 2 * length);
    try {
      return decoder.decode(bytes.subarray(from, from + length));
    } catch {
      return refuse('holds text that is no UTF-8');
    }
  };
  const line = (): string => {
    const length = bytes.subarray(at, Math.min(end, at + nameLimit)).indexOf(0x0a);
    if (length < 0) return refuse('holds a name that does not end');
    const found = text(length, utf8);
    at++;
    return found;
  };
  const long = (): number | bigint => {
    const length = u8();
    if (length > integerLimit) return refuse(`holds an integer of ${length} bytes`);
    const from = take(length);
    return integer(bytes.subarray(from, from + length));
  };
  const name = (): PickledName => {
    const found = `${line()}.${line()}`;
    if (constructors.knows(found)) return { kind: 'name', name: found };
    return refuse(`holds a Python object that no tensor needs: ${found}`, [
      "save the weights alone: torch.save({'state_dict': model.state_dict()}, 'weights.pth')",
    ]);
  };
  const call = (): Pickled => {
    const args = stack.pop();
    const callable = stack.pop();
    if (!isOf(callable, 'name') || !isOf(args, 'tuple')) {
      return refuse('calls what is no constructor');
    }
    charge(cost.container);
    return constructors.call(callable.name, args.items, opcodeAt);
  };
  const protocol = () => {
    const version = u8();
    if (version !== 2) refuse(`is a pickle of protocol ${version}, not 2`);
  };
  const unknown = (opcode: number) => {
    const code = `0x${opcode.toString(16).padStart(2, '0')}`;
    const known = opcodeNames.get(opcode);
    refuse(`has the pickle opcode ${known ? `${known} (${code})` : code}, which no tensor needs`);
  };

  const act: Readonly<Record<number, (() => void) | undefined>> = {
    [opcodes.PROTO]: protocol,
    [opcodes.MARK]: stack.mark,
    [opcodes.NONE]: () => stack.push(null),
    [opcodes.NEWTRUE]: () => stack.push(true),
    [opcodes.NEWFALSE]: () => stack.push(false),
    [opcodes.BININT]: () => stack.push(view.getInt32(take(4), true)),
    [opcodes.BININT1]: () => stack.push(u8()),
    [opcodes.BININT2]: () => stack.push(view.getUint16(take(2), true)),
    [opcodes.LONG1]: () => stack.push(long()),
    [opcodes.BINFLOAT]: () => stack.push(view.getFloat64(take(8), false)),
    [opcodes.BINUNICODE]: () => stack.push(text(u32(), utf8)),
    [opcodes.SHORT_BINSTRING]: () => stack.push(text(u8(), latin1)),
    [opcodes.EMPTY_TUPLE]: () => stack.pushList('tuple', []),
    [opcodes.TUPLE1]: () => stack.pushList('tuple', stack.popLast(1)),
    [opcodes.TUPLE2]: () => stack.pushList('tuple', stack.popLast(2)),
    [opcodes.TUPLE3]: () => stack.pushList('tuple', stack.popLast(3)),
    [opcodes.TUPLE]: () => stack.pushList('tuple', stack.popToMark()),
    [opcodes.EMPTY_LIST]: () => stack.pushList('list', []),
    [opcodes.APPEND]: () => stack.append(stack.popLast(1)),
    [opcodes.APPENDS]: () => stack.append(stack.popToMark()),
    [opcodes.EMPTY_DICT]: stack.pushDict,
    [opcodes.SETITEM]: () => stack.setItems(stack.popLast(2)),
    [opcodes.SETITEMS]: () => stack.setItems(stack.popToMark()),
    [opcodes.BUILD]: stack.setState,
    [opcodes.BINPUT]: () => stack.remember(u8()),
    [opcodes.LONG_BINPUT]: () => stack.remember(u32()),
    [opcodes.BINGET]: () => stack.recall(u8()),
    [opcodes.LONG_BINGET]: () => stack.recall(u32()),
    [opcodes.GLOBAL]: () => stack.push(name()),
    [opcodes.REDUCE]: () => stack.push(call()),
    [opcodes.BINPERSID]: () => stack.push(constructors.persistent(stack.pop(), opcodeAt)),
  };

  for (;;) {
    opcodeAt = at;
    const opcode = u8();
    if (opcode === opcodes.STOP) return { value: stack.result(), end: at };
    const step = act[opcode];
    if (step) step();
    else unknown(opcode);
  }
}
