import { getHeapStatistics } from 'node:v8';
import { modelViolation } from '../model/bounds.js';
import { encodeAdaptive } from '../model/container/adaptive.js';
import { packBits } from '../model/container/bits.js';
import { buildBytes } from '../model/container/bytes.js';
import { crc32c } from '../model/container/crc32c.js';
import {
  readSections,
  refuser,
  type Sections,
  writeSections,
} from '../model/container/envelope.js';
import { writeCoded } from '../model/container/indices.js';
import { type FileLayout, type ModelFile, readModel } from '../model/container/read.js';
import { headerBytes, preambleBytes, sectionTags } from '../model/container/sections.js';
import { encodeModel } from '../model/container/write.js';
import type { PackedModel } from '../model/packed.js';
import type { Failure } from '../util/failure.js';
import { type RandomStream, stream } from '../util/random.js';
import { smallModel } from './models.js';
import { type Mutation, mutated, pick, spliced } from './mutate.js';
import type { FuzzTarget } from './target.js';

const file = 'fuzzed.snn';

/** Models that are spoiled; every seed has its own. */
const modelCount = 48;

interface Whole extends Sections {
  readonly model: PackedModel;
  readonly bytes: Uint8Array;
}

const models = new Map<string, Whole>();

function wholeModel(seed: number, index: number): Whole {
  const key = `${seed} ${index}`;
  const known = models.get(key);
  if (known) return known;
  const small = smallModel(seed, index);
  const bytes = encodeModel(small);
  const whole = { model: small, bytes, ...readSections(bytes, file, refuser(file)) };
  models.set(key, whole);
  return whole;
}

/** META's own: brackets that nest, values of other kinds, escapes, numbers that no double holds. */
const metadataMutations: readonly Mutation[] = [
  '[[[[[[[[',
  '{"a":',
  '[],',
  '{},',
  '"",',
  'null',
  '-0',
  '1e999',
  '"\\ud800"',
  '"__proto__":',
  '\u0000',
  'é',
].map(
  (text): Mutation =>
    (bytes, random) => {
      const often = text.repeat(random.below(4) === 0 ? 1 + random.below(2000) : 1);
      return spliced(bytes, random.below(bytes.length + 1), random.below(8), Buffer.from(often));
    },
);

/** A figure whose value is another number, or none. */
const figureMutation: Mutation = (bytes, random) => {
  const field = '"value":';
  const at = Buffer.from(bytes).indexOf(field);
  if (at < 0) return bytes;
  const [from, to] = [at + field.length, Buffer.from(bytes).indexOf('}', at)];
  const value = pick(['1e999', '-0', '0.1e1', '1e-400', '""', 'null', '5', '12.5'], random);
  return spliced(bytes, from, to - from, Buffer.from(value));
};

/** A field of two bytes at its limits: the sizes of ARCH. */
const sizeMutation: Mutation = (bytes, random) => {
  const size = pick([0, 1, 2, 16, 255, 256, 1024, 4095, 4096, 65535], random);
  const at = random.below(Math.max(1, bytes.length - 1));
  return spliced(bytes, at, 2, Uint8Array.of(size % 256, size >> 8));
};

/** A byte that stays within a few of what it was: values that are still in range. */
const nudge: Mutation = (bytes, random) => {
  const spoiled = Uint8Array.from(bytes);
  spoiled[random.below(spoiled.length)] += pick([1, 2, 254, 255], random);
  return spoiled;
};

/** One or two sections spoiled, or taken from another model; all checksums are right. */
function deeplySpoiled({ version, bodies }: Whole, other: Whole, random: RandomStream): Uint8Array {
  const spoiled = { ...bodies };
  for (let n = 1 + random.below(2); n > 0; n--) {
    const tag = pick(sectionTags, random);
    const more =
      tag === 'META' ? [...metadataMutations, figureMutation] : [sizeMutation, nudge, nudge];
    const body = random.below(6) === 0 ? other.bodies[tag] : spoiled[tag];
    spoiled[tag] = random.below(4) === 0 ? body : mutated(body, random, more);
    if (body === bodies[tag] && body === spoiled[tag]) spoiled[tag] = nudge(body, random);
  }
  const written = random.below(20) === 0 ? pick([0, 1, 2, 3, 4, 65535], random) : version;
  return writeSections({ version: written, bodies: spoiled });
}

/** Indices coded one way or the other, whether that pays or not, and some all alike: nothing else is wrong. */
function recoded({ model: { blocks }, bodies }: Whole, random: RandomStream): Uint8Array {
  const alike = random.below(2) === 0;
  const indices = buildBytes((writer) => {
    for (const { conv } of blocks) {
      const values = alike ? conv.indices.map(() => conv.indices[0]) : conv.indices;
      if (random.below(3) === 0) {
        writeCoded(writer, { coding: 'plain', bytes: packBits(values, conv.tau) });
      } else {
        writeCoded(writer, { coding: 'adaptive', bytes: encodeAdaptive(values, conv.tau) });
      }
    }
  });
  return writeSections({ version: 3, bodies: { ...bodies, INDX: indices } });
}

/** The header or the section table spoiled; the checksums of both are right. */
function headSpoiled({ bytes }: Whole, random: RandomStream): Uint8Array {
  const longer = random.below(8) === 0;
  const spoiled = Uint8Array.from([...bytes, ...(longer ? [0] : [])]);
  const view = new DataView(spoiled.buffer);
  if (longer) view.setUint32(12, spoiled.length, true);
  for (let n = longer ? 0 : 1 + random.below(3); n > 0; n--) {
    const at = 8 + 4 * random.below((headerBytes - 12) / 4);
    const near = view.getUint32(at, true) + random.below(9) - 4;
    view.setUint32(at, pick([near, near, random.uint32(), 0, 2 ** 32 - 1], random), true);
  }
  for (const end of [preambleBytes, headerBytes]) {
    view.setUint32(end - 4, crc32c(spoiled.subarray(0, end - 4)), true);
  }
  return random.below(4) === 0 ? spoiled.subarray(0, random.below(bytes.length)) : spoiled;
}

function randomBytes(random: RandomStream, start: Uint8Array): Uint8Array {
  const rest = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
  return Buffer.concat([start, rest]);
}

function spoiledFile(seed: number, index: number): Uint8Array {
  const random = stream(seed, 'fuzz model', index);
  const whole = wholeModel(seed, random.below(modelCount));
  switch (random.below(12)) {
    case 0:
      return whole.bytes.subarray(0, random.below(whole.bytes.length));
    case 1:
      return headSpoiled(whole, random);
    case 2:
      return mutated(whole.bytes, random);
    case 3:
      return recoded(whole, random);
    case 4:
      return randomBytes(random, whole.bytes.subarray(0, random.below(headerBytes + 1)));
    default:
      return deeplySpoiled(whole, wholeModel(seed, random.below(modelCount)), random);
  }
}

/** Bytes that a value takes at least: what it holds, without how objects are kept. */
function honestBytes(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, part) => sum + honestBytes(part), 0);
}

/** Arrays take so many bytes beside those of their numbers, all of a small model together. */
const besideArrays = 4096;

/** No part of a small file stands for more than so many times its bytes in arrays. */
const largestGain = 64;

/** Bytes of arrays, garbage included. */
function arrayBytes(): number {
  return getHeapStatistics().external_memory;
}

/** Reads a file; its arrays may take twice what the file and its model hold. */
function read(bytes: Uint8Array): ModelFile {
  const before = arrayBytes();
  const hold = (honest: number) => {
    const taken = arrayBytes() - before;
    if (taken <= 2 * honest + besideArrays) return;
    throw new Error(`arrays of ${taken} bytes were made for ${honest}`);
  };
  try {
    const found = readModel(bytes, file);
    hold(bytes.length + honestBytes(found.model));
    return found;
  } catch (error) {
    hold((largestGain / 2) * bytes.length);
    throw error;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * Holds what was read after all to the rules of a model, and to the one form in which it is written; a
 * layer that stands there plainly may be coded then.
 */
function verify({ model, layout }: ModelFile, bytes: Uint8Array): void {
  const violation = modelViolation(model);
  if (violation) throw new Error(`a model was read in which ${violation.what}`);
  const written = encodeModel(model);
  const again = readModel(written);
  if (!sameBytes(encodeModel(again.model), written)) {
    throw new Error('what is written is not what is read');
  }
  const codings = ({ indices }: FileLayout) => indices.map(({ coding }) => coding);
  const couldBeCoded = codings(layout).map(
    (coding, i) => coding === 'plain' && coding !== codings(again.layout)[i],
  );
  if (couldBeCoded.some(Boolean) ? written.length > bytes.length : !sameBytes(written, bytes)) {
    throw new Error(`${bytes.length} bytes are written again as ${written.length}, otherwise`);
  }
}

/** Why a Failure does not say where in the file what is wrong, and what to do; null: it does. */
function failureProblem({ message, next }: Failure): string | null {
  if (next.length === 0) return `tells no way on: ${message}`;
  return /^fuzzed\.snn: (header|file|section|image|stem|stage|classifier|activations|needs) ?\S/.test(
    message,
  )
    ? null
    : `names no place: ${message}`;
}

/** Spoiled packed models, most of them with right checksums: `npm run fuzz -- model`. */
export const model: FuzzTarget<ModelFile> = {
  file: spoiledFile,
  read,
  verify,
  failureProblem,
  memory: { perByte: 64, beside: 2 ** 21 },
};
