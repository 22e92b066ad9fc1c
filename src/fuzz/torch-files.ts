import { crc32 } from 'node:zlib';

/** A tensor to be written: float32, or int64 where its values are bigints. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

export type SavedTensors = ReadonlyMap<string, SavedTensor>;

const text = (value: string) => Buffer.from(value, 'utf8');
const u16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);

const proto = Buffer.of(0x80, 2);
const stop = Buffer.of(0x2e);

function unicode(value: string): Buffer {
  return Buffer.concat([text('X'), u32(text(value).length), text(value)]);
}

function int(value: number): Buffer {
  if (value < 256) return Buffer.of(0x4b, value);
  if (value < 65536) return Buffer.concat([text('M'), u16(value)]);
  return Buffer.concat([text('J'), u32(value)]);
}

/** A tuple between a mark and TUPLE, as protocol 2 writes those of four items and more. */
function tuple(items: readonly Buffer[]): Buffer {
  return Buffer.concat([text('('), ...items, text('t')]);
}

function global(module: string, name: string): Buffer {
  return text(`c${module}\n${name}\n`);
}

/** An entry of `collections.OrderedDict()` or of a dict, between MARK and SETITEMS. */
function filled(start: Buffer, items: readonly Buffer[]): Buffer {
  return Buffer.concat([start, text('('), ...items, text('u')]);
}

function tensor({ shape, values }: SavedTensor, key: string, legacy: boolean): Buffer {
  const type = values instanceof Float32Array ? 'FloatStorage' : 'LongStorage';
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const id = [unicode('storage'), global('torch', type), unicode(key), unicode('cpu')];
  const end = legacy ? [text('N')] : [];
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple([
      Buffer.concat([tuple([...id, int(values.length), ...end]), text('Q')]),
      int(0),
      tuple(shape.map(int)),
      tuple(strides.map(int)),
      Buffer.of(0x89),
      Buffer.concat([global('collections', 'OrderedDict'), text(')R')]),
    ]),
    text('R'),
  ]);
}

/** The pickle of `{'epoch': 3, 'state_dict': OrderedDict(tensors)}` with storages `0`, `1`, ... */
export function checkpointPickle(tensors: SavedTensors, legacy: boolean): Buffer {
  const ordered = Buffer.concat([global('collections', 'OrderedDict'), text(')R')]);
  const items = [...tensors].flatMap(([name, saved], i) => [
    unicode(name),
    tensor(saved, String(i), legacy),
  ]);
  const stateDict = filled(ordered, items);
  const checkpoint = filled(text('}'), [
    ...[unicode('epoch'), int(3)],
    ...[unicode('state_dict'), stateDict],
  ]);
  return Buffer.concat([proto, checkpoint, stop]);
}

function bytesOf({ values }: SavedTensor): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * The parts of a checkpoint as PyTorch before 1.6 wrote it: the pickles of the magic number, the version,
 * the machine, the checkpoint and the list of storages, then every storage behind its length.
 */
export function legacyParts(tensors: SavedTensors): Buffer[] {
  const magic = Buffer.of(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);
  const machine = filled(text('}'), [
    ...[unicode('protocol_version'), int(1001)],
    ...[unicode('little_endian'), Buffer.of(0x88)],
  ]);
  const keys = [...tensors.keys()].map((_, i) => unicode(String(i)));
  return [
    Buffer.concat([proto, magic, stop]),
    Buffer.concat([proto, int(1001), stop]),
    Buffer.concat([proto, machine, stop]),
    checkpointPickle(tensors, true),
    Buffer.concat([proto, text(']('), ...keys, text('e'), stop]),
    ...[...tensors.values()].flatMap((saved) => [u64(saved.values.length), bytesOf(saved)]),
  ];
}

/** A checkpoint as PyTorch before 1.6 wrote it. */
export function legacyCheckpoint(tensors: SavedTensors): Buffer {
  return Buffer.concat(legacyParts(tensors));
}

/** A file of an archive to be written. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** 0: stored, which is the default. */
  readonly method?: number;
}

/** An archive of stored files, each at a multiple of 64 bytes, as PyTorch aligns them. */
export function zipOf(files: readonly ZipFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 0 } of files) {
    const padding = (64 - ((at + 30 + name.length + 4) % 64)) % 64;
    const extra = Buffer.concat([text('FB'), u16(padding), Buffer.alloc(padding, 'Z')]);
    const sizes = [u32(crc32(bytes)), u32(bytes.length), u32(bytes.length)];
    const common = [u16(0), u16(method), u32(0), ...sizes, u16(name.length)];
    const local = [text('PK\x03\x04'), u16(20), ...common, u16(extra.length), text(name), extra];
    const central = [u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), text(name)];
    directory.push(Buffer.concat([text('PK\x01\x02'), u16(0), u16(20), ...common, ...central]));
    parts.push(...local, Buffer.from(bytes));
    at = parts.reduce((sum, { length }) => sum + length, 0);
  }
  const central = Buffer.concat(directory);
  const count = u16(files.length);
  const end = [u16(0), u16(0), count, count, u32(central.length), u32(at), u16(0)];
  return Buffer.concat([...parts, central, text('PK\x05\x06'), ...end]);
}

/** The files of a checkpoint in the format of PyTorch 1.6 and later. */
export function checkpointFiles(tensors: SavedTensors): ZipFile[] {
  return [
    { name: 'weights/data.pkl', bytes: checkpointPickle(tensors, false) },
    ...[...tensors.values()].map((saved, i) => ({
      name: `weights/data/${i}`,
      bytes: bytesOf(saved),
    })),
    { name: 'weights/version', bytes: text('3\n') },
  ];
}
