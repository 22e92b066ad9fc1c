import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBits, packedBytes, unpackBits } from '../../src/model/container/bits.js';
import { crc32c } from '../../src/model/container/crc32c.js';
import { decodeModel, readModel } from '../../src/model/container/read.js';
import {
  entryBytes,
  headerBytes,
  preambleBytes,
  sectionTags,
} from '../../src/model/container/sections.js';
import { encodeModel } from '../../src/model/container/write.js';
import { birealNetwork, layOut } from '../../src/model/network.js';
import { inputConstants, type PackedModel } from '../../src/model/packed.js';
import { modelSize } from '../../src/model/size.js';
import { Failure } from '../../src/util/failure.js';
import { plansOfAll, randomModel } from './networks.js';

const small = randomModel({
  seed: 5,
  mood: 'uniform',
  shape: birealNetwork(
    { stages: [1, 2], width: 3, stem: { kernel: 3, stride: 2, pool: false } },
    { height: 9, width: 8, channels: 2 },
    3,
  ),
  taus: [9, 3, 4],
  structures: ['free', 'free', 'antipodal'],
});

/** The same with an origin, so in format version 3, and with layers that are worth coding. */
const traced: PackedModel = {
  ...small,
  blocks: small.blocks.map((block, i) => ({
    ...block,
    conv: { ...block.conv, indices: block.conv.indices.map((index, j) => (j % 5 < i ? 2 : index)) },
  })),
  provenance: {
    ...small.provenance,
    origin: {
      spec: 'f'.repeat(64),
      figures: { 'packed accuracy': { value: 97.5, unit: '% of 200 images', kind: 'measured' } },
    },
  },
};

/** The same with real activations. */
function realOf(model: PackedModel): PackedModel {
  return {
    ...model,
    blocks: model.blocks.map((block) => ({
      ...block,
      input: { activations: 'real', shift: inputConstants(block.input) },
    })),
  };
}

/** Where each section of an encoded file lies, header and table included. */
function placesOf(bytes: Uint8Array): { name: string; start: number; end: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const places = [
    { name: 'header', start: 0, end: preambleBytes },
    { name: 'section table', start: preambleBytes, end: headerBytes },
  ];
  let start = headerBytes;
  sectionTags.forEach((tag, i) => {
    const end = start + view.getUint32(preambleBytes + i * entryBytes + 4, true);
    places.push({ name: `section ${tag}`, start, end });
    start = end;
  });
  return places;
}

/** Makes every checksum of a damaged file right again, as far as its table still makes sense. */
function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let start = headerBytes;
  sectionTags.forEach((_, i) => {
    const entry = preambleBytes + i * entryBytes;
    const end = Math.min(bytes.length, start + view.getUint32(entry + 4, true));
    view.setUint32(entry + 8, crc32c(bytes.subarray(start, end)), true);
    start = end;
  });
  view.setUint32(preambleBytes - 4, crc32c(bytes.subarray(0, preambleBytes - 4)), true);
  view.setUint32(headerBytes - 4, crc32c(bytes.subarray(0, headerBytes - 4)), true);
}

/** The message with which a file is refused; null where it is read. Anything but a Failure escapes. */
function refusal(bytes: Uint8Array): string | null {
  try {
    decodeModel(bytes, 'spoiled.snn');
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** Frees what earlier work left, so that a collection during a measurement does not count as its gain. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
}

describe('CRC-32C', () => {
  it('gives the check values of RFC 3720 and of the usual catalogue', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

describe('packed values', () => {
  it('lie lowest bit first, one behind the other', () => {
    expect([...packBits(Uint16Array.of(0b101, 0b011, 0b110), 3)]).toEqual([0b10011101, 0b1]);
    expect([...packBits(Uint16Array.of(0x1ff, 0, 0x101), 9)]).toEqual([0xff, 1, 0b00000100, 0b100]);
  });

  it('come back, and take no more bytes than they need', () => {
    const values = fc
      .integer({ min: 1, max: 9 })
      .chain((width) =>
        fc.tuple(fc.constant(width), fc.array(fc.integer({ min: 0, max: 2 ** width - 1 }))),
      );
    fc.assert(
      fc.property(values, ([width, list]) => {
        const bytes = packBits(Uint16Array.from(list), width);
        expect(bytes.length).toBe(packedBytes(list.length, width));
        expect(Array.from(unpackBits(bytes, list.length, width) ?? [])).toEqual(list);
      }),
    );
  });
});

describe('.snn container', () => {
  it('brings every model back as it was, and the same bytes for it', () => {
    fc.assert(
      fc.property(plansOfAll, (plan) => {
        const model = randomModel(plan);
        const bytes = encodeModel(model);
        const back = decodeModel(bytes);
        expect(back).toEqual(model);
        expect(encodeModel(back)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('reads from a view, a Node buffer or shared memory, and keeps no part of it', () => {
    const bytes = encodeModel(small);
    const around = new Uint8Array(bytes.length + 7);
    around.set(bytes, 3);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    for (const form of [around.subarray(3, -4), Buffer.from(around).subarray(3, -4), shared]) {
      const model = decodeModel(form);
      form.fill(0);
      expect(model).toEqual(small);
    }
  });

  it('stores tau bits an index and nothing that a reader knows', () => {
    const bytes = encodeModel(small);
    const size = (tag: string) => {
      const place = placesOf(bytes).find(({ name }) => name === `section ${tag}`);
      return place && place.end - place.start;
    };
    expect(size('SUBS')).toBe(0 + (8 * 9) / 8 + (8 * 9) / 8);
    expect(size('INDX')).toBe(Math.ceil((9 * 9) / 8) + Math.ceil((18 * 3) / 8) + (36 * 4) / 8);
    const { indexBits, subsetBits, totalBits } = modelSize(small);
    expect(indexBits).toBe(9 * 9 + 18 * 3 + 36 * 4);
    expect(subsetBits).toBe(2 * 8 * 9);
    const numbers = ['STEM', 'SUBS', 'INDX', 'BLKS', 'HEAD'].map((tag) => size(tag) ?? 0);
    const sum = numbers.reduce((total, bytes) => total + bytes, 0) + small.inputZero.length;
    expect(sum - totalBits / 8).toBeGreaterThanOrEqual(0);
    expect(sum - totalBits / 8).toBeLessThan(3);
  });

  it('refuses a file with any byte changed, naming the place', () => {
    const bytes = encodeModel(small);
    for (const { name, start, end } of placesOf(bytes)) {
      for (let at = start; at < end; at++) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const spoiled = bytes.slice();
          spoiled[at] ^= flip;
          expect(refusal(spoiled), `byte ${at}`).toContain(`spoiled.snn: ${name}`);
        }
      }
    }
  });

  it('refuses a file cut off anywhere or with bytes behind its end', () => {
    const bytes = encodeModel(small);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length)), `${length} bytes`).not.toBeNull();
    }
    expect(refusal(Uint8Array.of(...bytes, 0))).toContain('1 bytes behind its end');
  });

  it('tells a newer format from a damaged file', () => {
    const bytes = encodeModel(small);
    bytes[8] = 4;
    repairChecksums(bytes);
    expect(refusal(bytes)).toContain('format version 4; this program reads versions 1 to 3');
  });

  it('writes each network in the oldest format that knows it, and holds a file to its version', () => {
    const { taus, structures } = { taus: [3, 4], structures: ['free', 'free'] as const };
    const stem = { kernel: 3, stride: 1, pool: false } as const;
    const plain = { family: 'vgg', stages: [1, 1], width: 4, stem } as const;
    const shape = layOut(plain, { height: 7, width: 6, channels: 1 }, 3);
    const vgg = encodeModel(randomModel({ seed: 7, mood: 'uniform', shape, taus, structures }));
    const bireal = encodeModel(small);
    const real = encodeModel(realOf(small));
    expect([bireal[8], vgg[8], encodeModel(traced)[8], real[8]]).toEqual([1, 2, 3, 3]);
    for (const [bytes, family, version] of [
      [bireal, 1, 2],
      [vgg, 2, 1],
    ] as const) {
      bytes[8] = version;
      repairChecksums(bytes);
      expect(refusal(bytes)).toContain(
        `section ARCH (architecture) has family ${family}, which is none of format version ${version}`,
      );
    }
  });

  it('takes no more memory than the file and its model, twice', () => {
    const plan = { seed: 8, mood: 'small', taus: [5, 9], structures: ['free', 'free'] } as const;
    const stem = { kernel: 3, stride: 1, pool: false } as const;
    const shape = birealNetwork({ stages: [2], width: 256, stem }, small.shape.input, 3);
    const model = randomModel({ ...plan, shape });
    const bytes = encodeModel(model);
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const { layout, model: read } = readModel(bytes);
    const taken = process.memoryUsage().arrayBuffers - before;
    expect(read).toEqual(model);
    expect(layout.indices.map(({ coding }) => coding)).toEqual(['adaptive', 'adaptive']);
    const indices = 2 * 2 * 256 * 256;
    expect(taken).toBeGreaterThan(indices);
    expect(taken).toBeLessThan(2 * (bytes.length + indices));
  });

  it('does not allocate what a lying architecture promises', () => {
    const bytes = encodeModel(small);
    const arch = placesOf(bytes).find(({ name }) => name === 'section ARCH');
    const widthAt = (arch?.start ?? 0) + 10;
    bytes[widthAt] = 0x00;
    bytes[widthAt + 1] = 0x08;
    repairChecksums(bytes);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(bytes)).toMatch(/section STEM \(stem\) ends \d+ bytes too early/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});
