import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkpointFiles,
  checkpointPickle,
  legacyCheckpoint,
  legacyParts,
  zipOf,
} from '../../src/fuzz/torch-files.js';
import { readCheckpoint } from '../../src/import/checkpoint.js';
import { floatsOf, isFloat, type StoredTensor } from '../../src/import/tensor.js';
import { encodeSafetensors } from '../../src/model/safetensors.js';
import { authorsCheckpoint } from '../support/authors-checkpoint.js';
import { failureOf } from '../support/failure.js';

interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const floatTensor = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain((shape): fc.Arbitrary<FloatTensor> => {
    const length = shape.reduce((product, n) => product * n, 1);
    return fc
      .float32Array({ minLength: length, maxLength: length })
      .map((values) => ({ shape, values }));
  });
const names = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name !== '__proto__');
const networks = fc
  .uniqueArray(fc.tuple(names, floatTensor), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 5,
  })
  .map((entries): ReadonlyMap<string, FloatTensor> => new Map(entries));

function contents(tensors: ReadonlyMap<string, StoredTensor>): Map<string, FloatTensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: floatsOf(tensor) }]),
  );
}

test('tensors come back out of every format, from wherever in memory the file lies', () => {
  fc.assert(
    fc.property(networks, fc.nat(9), (tensors, offset) => {
      for (const file of [
        legacyCheckpoint(tensors),
        zipOf(checkpointFiles(tensors)),
        encodeSafetensors(tensors, {}),
      ]) {
        const memory = Buffer.alloc(offset + file.length + 3, 0xaa);
        memory.set(file, offset);
        const bytes = memory.subarray(offset, offset + file.length);
        expect(contents(readCheckpoint(bytes, 'x').tensors)).toEqual(tensors);
      }
    }),
    { numRuns: 60 },
  );
});

test('both formats, as PyTorch itself wrote them, hold the same network', () => {
  const { legacy, zip } = authorsCheckpoint();
  const [before, after] = [readCheckpoint(legacy, 'legacy'), readCheckpoint(zip, 'zip')];
  expect(before.format).toBe('PyTorch (before 1.6)');
  expect(after.format).toBe('PyTorch (zip)');
  expect(after.tensors.size).toBe(70);
  expect([...before.tensors.keys()]).toEqual([...after.tensors.keys()]);
  expect([...after.tensors.keys()].slice(0, 2)).toEqual(['conv1.weight', 'bn1.weight']);
  for (const [name, { bytes, ...rest }] of after.tensors) {
    const { bytes: otherBytes, ...other } = before.tensors.get(name) ?? {};
    expect(other, name).toEqual(rest);
    expect(otherBytes && Buffer.compare(bytes, otherBytes), name).toBe(0);
  }
  expect(after.tensors.get('layer4.0.binary_conv.weight')?.shape).toEqual([512, 256, 3, 3]);
});

test('names keep the prefix of DataParallel unless every one has it', () => {
  const one: FloatTensor = { shape: [1], values: Float32Array.of(1) };
  const read = (...names: string[]) => {
    const file = legacyCheckpoint(new Map(names.map((name) => [name, one])));
    return [...readCheckpoint(file, 'x').tensors.keys()];
  };
  expect(read('module.a', 'module.module.b')).toEqual(['a', 'module.b']);
  expect(read('module.a', 'b')).toEqual(['module.a', 'b']);
});

describe('floats of every width', () => {
  const file = (dtype: string, bytes: readonly number[], shape: readonly number[]) => {
    const header = JSON.stringify({ w: { dtype, shape, data_offsets: [0, bytes.length] } });
    const text = Buffer.from(header);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(text.length);
    return Buffer.concat([length, text, Buffer.from(bytes)]);
  };
  const valuesOf = (dtype: string, bytes: readonly number[], count: number) => {
    const tensor = readCheckpoint(file(dtype, bytes, [count]), 'x').tensors.get('w');
    return tensor && Array.from(floatsOf(tensor));
  };

  test('binary16: zeros, subnormals, normals, infinities', () => {
    const words = [0, 0x8000, 1, 0x83ff, 0x0400, 0x3c00, 0xc248, 0x7bff, 0x7c00, 0xfc00];
    const bytes = words.flatMap((w) => [w & 255, w >> 8]);
    expect(valuesOf('F16', bytes, words.length)).toEqual([
      0,
      -0,
      2 ** -24,
      -1023 * 2 ** -24,
      2 ** -14,
      1,
      -3.140625,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(valuesOf('F16', [1, 0x7c], 1)).toEqual([Number.NaN]);
  });

  test('bfloat16 and float64', () => {
    expect(valuesOf('BF16', [0x80, 0x3f, 0x20, 0xc0], 2)).toEqual([1, -2.5]);
    const doubles = Float64Array.of(0.1, -3);
    expect(valuesOf('F64', [...new Uint8Array(doubles.buffer)], 2)).toEqual([Math.fround(0.1), -3]);
  });

  test('integers are carried, not read', () => {
    const tensor = readCheckpoint(file('I64', new Array(8).fill(1), []), 'x').tensors.get('w');
    expect(tensor && isFloat(tensor)).toBe(false);
    expect(() => tensor && floatsOf(tensor)).toThrow('int64');
  });
});

test('a transposed tensor is read in the order of its axes', () => {
  const values = Float32Array.of(0, 1, 2, 3, 4, 5);
  const tensors = new Map([['w', { shape: [3, 2], values }]]);
  const pickle = checkpointPickle(tensors, false);
  // Its strides (K\x02 K\x01), exchanged: [3, 2] over a storage of 2 rows of 3.
  const at = pickle.lastIndexOf(Buffer.from('(K\x02K\x01t', 'latin1'));
  pickle.set(Buffer.from('(K\x01K\x03t', 'latin1'), at);
  const [, storage] = checkpointFiles(tensors);
  const found = readCheckpoint(
    zipOf([
      { name: 'x/data.pkl', bytes: pickle },
      { ...storage, name: 'x/data/0' },
    ]),
    'x',
  );
  expect(contents(found.tensors).get('w')?.values).toEqual(Float32Array.of(0, 3, 1, 4, 2, 5));
});

describe('a checkpoint is refused, with the byte at which it went wrong:', () => {
  const one = new Map([['w', { shape: [2], values: Float32Array.of(1, 2) }]]);
  const files = checkpointFiles(one);
  const [magic, version, machine, pickle, keys, ...storages] = legacyParts(one);
  const legacy = (...parts: (Buffer | string)[]) =>
    Buffer.concat(
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    );
  /** A legacy file with `text` as its checkpoint; its first byte is at 33. */
  const pickled = (text: string) => legacy(magic, version, `\x80\x02${text}`);
  const start = magic.length + version.length;

  test.each<[string, Buffer, string | RegExp]>([
    ['nothing', Buffer.alloc(0), 'is no checkpoint of PyTorch and no safetensors file (byte 0)'],
    ['something else', Buffer.from('hello'), 'is no checkpoint of PyTorch'],
    [
      'code',
      pickled('cos\nsystem\n(X\x02\x00\x00\x00rmtR.'),
      `holds a Python object that no tensor needs: os.system (byte ${start + 2})`,
    ],
    ['code of PyTorch itself', pickled('ctorch\nload\n)R.'), 'no tensor needs: torch.load'],
    ['a class', pickled('(i__main__\nNet\n.'), 'pickle opcode INST (0x69)'],
    [
      'an object',
      pickled('}}\x81.'),
      `opcode NEWOBJ (0x81), which no tensor needs (byte ${start + 4})`,
    ],
    ['an unknown opcode', pickled('\xfe.'), 'opcode 0xfe'],
    ['another protocol', legacy(magic, version, '\x80\x04.'), 'protocol 4, not 2'],
    ['a call of data', pickled('})R.'), 'calls what is no constructor'],
    ['an empty stack', pickled('a.'), 'takes a value where there is none'],
    ['no mark', pickled('}u.'), 'back to a mark where there is none'],
    ['a key that is a list', pickled('}]Ns.'), 'neither text nor number'],
    ['a value never kept', pickled('h\x07.'), 'recalls value 7'],
    ['text of 4 GB', pickled('X\xff\xff\xff\xffabc.'), `the pickle is cut off (byte ${start + 2})`],
    ['a number of 200 bytes', pickled(`\x8a\xc8${'x'.repeat(200)}.`), 'an integer of 200 bytes'],
    ['more than its size can hold', pickled('}'.repeat(2 ** 20)), 'more than a file of its size'],
    [
      'a tensor beyond its storage',
      legacy(
        magic,
        version,
        machine,
        Buffer.from(pickle.toString('latin1').replace('(K\x02t', '(K\x03t'), 'latin1'),
        keys,
        ...storages,
      ),
      'reaches beyond its storage of 2',
    ],
    [
      'storages that are cut off',
      legacy(magic, version, machine, pickle, keys, ...storages).subarray(0, -1),
      'storage 0 is cut off',
    ],
    ['no tensors', legacy(magic, version, machine, '\x80\x02}.', '\x80\x02].'), 'holds no tensors'],
    [
      'another byte order',
      legacy(magic, version, '\x80\x02}.', pickle, keys, ...storages),
      'big-endian',
    ],
    ['compressed files', zipOf([{ ...files[0], method: 8 }]), '"weights/data.pkl" is compressed'],
    [
      'a path that leads out',
      zipOf([...files, { name: '../x', bytes: Buffer.of(1) }]),
      'the name "../x" leads out',
    ],
    [
      'an absolute path',
      zipOf([...files, { name: '/x', bytes: Buffer.of(1) }]),
      'the name "/x" leads out',
    ],
    ['one name twice', zipOf([...files, files[0]]), 'occurs twice'],
    ['no data.pkl', zipOf(files.slice(1)), 'an archive without data.pkl'],
    ['a storage that is missing', zipOf([files[0]]), 'storage 0 is missing'],
    [
      'a storage that is too short',
      zipOf([files[0], { ...files[1], bytes: Buffer.alloc(4) }]),
      'has 4 bytes, not 8',
    ],
    ['a directory that is cut off', zipOf(files).subarray(0, -3), 'it has no directory'],
  ])('%s', async (_, bytes, expected) => {
    const failure = await failureOf(() => readCheckpoint(bytes, 'net.pth'));
    expect(failure.kind).toBe('input');
    expect(failure.message).toMatch(/^net\.pth: .*\(byte \d+\)$/);
    expect(failure.message).toContain(expected);
  });

  test('a file of the archive with one bit flipped', async () => {
    const bytes = zipOf(files);
    bytes[bytes.indexOf(Buffer.from(Float32Array.of(1, 2).buffer))] ^= 1;
    const failure = await failureOf(() => readCheckpoint(bytes, 'x'));
    expect(failure.message).toContain('"weights/data/0" is damaged (checksum differs)');
  });

  test('files that overlap', async () => {
    const archive = zipOf([{ name: 'x/0', bytes: Buffer.alloc(1000) }]);
    const at = archive.indexOf('PK\x01\x02');
    const entry = archive.subarray(at, -22);
    const entries = Array.from({ length: 4 }, (_, i) => {
      const copy = Buffer.from(entry);
      copy.write(String(i), copy.length - 1);
      return copy;
    });
    const end = Buffer.from(archive.subarray(-22));
    end.writeUInt16LE(entries.length, 10);
    const bytes = Buffer.concat([archive.subarray(0, at), ...entries, end]);
    const failure = await failureOf(() => readCheckpoint(bytes, 'x'));
    expect(failure.message).toContain('the files of the archive overlap');
  });
});
