import { readCheckpoint } from '../import/checkpoint.js';
import { floatsOf, isFloat } from '../import/tensor.js';
import { encodeSafetensors } from '../model/safetensors.js';
import type { Failure } from '../util/failure.js';
import { type RandomStream, stream } from '../util/random.js';
import { type Mutation, mutated, pick, spliced } from './mutate.js';
import type { FuzzTarget } from './target.js';
import {
  checkpointFiles,
  legacyCheckpoint,
  legacyParts,
  type SavedTensor,
  zipOf,
} from './torch-files.js';

/** Opcodes of pickles that a mutation sprinkles: those that build, and those that must be refused. */
const opcodes = [...'()0125BCFGIJKLMNPQRSTUVX]abcdeghijlopqrstu}.'].map((c) => c.charCodeAt(0));

/** Code that must not run. */
const gadgets = [
  'cos\nsystem\n(X\x02\x00\x00\x00idtR',
  'cbuiltins\neval\n(X\x01\x00\x00\x001tR',
  'ctorch\nload\n)R',
  'i__main__\nX\n',
];

function randomTensors(random: RandomStream): Map<string, SavedTensor> {
  const tensors = new Map<string, SavedTensor>();
  for (let i = 1 + random.below(4); i > 0; i--) {
    const shape = Array.from({ length: random.below(5) }, () => 1 + random.below(4));
    const length = shape.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length }, () => random.normal());
    tensors.set(`module.layer${i}.weight`, { shape, values });
  }
  tensors.set('module.bn.num_batches_tracked', { shape: [], values: BigInt64Array.of(7n) });
  return tensors;
}

/** Mutations of a pickle: an opcode in place of another byte, or code. */
const pickleMutations: readonly Mutation[] = [
  (bytes, random) =>
    spliced(bytes, random.below(bytes.length), 1, Uint8Array.of(pick(opcodes, random))),
  (bytes, random) =>
    spliced(bytes, random.below(bytes.length), 0, Buffer.from(pick(gadgets, random))),
];

/** Mutations of an archive as bytes: a name that leads out of it, and a method of compression. */
const zipMutations: readonly Mutation[] = [
  (bytes, random) => {
    const text = Buffer.from(bytes);
    const at = text.indexOf('weights/', random.below(bytes.length));
    return at < 0 ? bytes : spliced(bytes, at, 8, Buffer.from('../../x/'));
  },
  (bytes, random) => {
    const at = Buffer.from(bytes).indexOf('PK\x01\x02', random.below(bytes.length));
    return at < 0 ? bytes : spliced(bytes, at + 10, 1, Uint8Array.of(8));
  },
];

/** A spoiled checkpoint: its pickle, a file of its archive, or the whole. */
function spoiled(random: RandomStream): Uint8Array {
  const tensors = randomTensors(random);
  switch (random.below(5)) {
    case 0:
      return mutated(legacyCheckpoint(tensors), random, pickleMutations);
    case 1: {
      const parts = [...legacyParts(tensors)];
      const part = random.below(parts.length);
      parts[part] = Buffer.from(mutated(parts[part], random, pickleMutations));
      return Buffer.concat(parts);
    }
    case 2: {
      const files = [...checkpointFiles(tensors)];
      const at = random.below(2) === 0 ? 0 : random.below(files.length);
      const bytes = mutated(files[at].bytes, random, pickleMutations);
      files[at] = { ...files[at], bytes };
      return zipOf(files);
    }
    case 3:
      return mutated(zipOf(checkpointFiles(tensors)), random, zipMutations);
    default: {
      const floats = [...tensors].flatMap(([name, { shape, values }]) =>
        values instanceof Float32Array ? [[name, { shape, values }] as const] : [],
      );
      return mutated(encodeSafetensors(new Map(floats), {}), random);
    }
  }
}

/** One byte or pattern over and over: what is cheap to write and could be dear to read. */
function bomb(random: RandomStream): Uint8Array {
  const [first] = legacyParts(new Map());
  const patterns = [
    '}',
    ']',
    ')',
    'N',
    '(',
    '(t',
    'X\0\0\0\0',
    '}q\0',
    ']\x85',
    'K\x01r\0\0\0\x01',
  ];
  const pattern = Buffer.from(pick(patterns, random), 'latin1');
  const body = Buffer.alloc(2 ** (10 + random.below(11)), pattern);
  const pickle = Buffer.concat([Buffer.of(0x80, 2), body]);
  return random.below(2) === 0
    ? Buffer.concat([first, pickle])
    : zipOf([{ name: 'weights/data.pkl', bytes: pickle }]);
}

/** Reads a checkpoint, and every tensor of it. */
function read(bytes: Uint8Array): void {
  for (const tensor of readCheckpoint(bytes, 'fuzzed').tensors.values()) {
    if (isFloat(tensor)) floatsOf(tensor);
  }
}

/** Why a Failure is not one that a person can find the place by; null: it is. */
function failureProblem({ message }: Failure, bytes: Uint8Array): string | null {
  const at = /\(byte (\d+)\)$/.exec(message)?.[1];
  if (at === undefined) return `names no byte: ${message}`;
  return Number(at) <= bytes.length ? null : `names a byte beyond the file: ${message}`;
}

/** Spoiled checkpoints of every format: `npm run fuzz -- checkpoint`. */
export const checkpoint: FuzzTarget = {
  file: (seed, index): Uint8Array => {
    const random = stream(seed, 'fuzz checkpoint', index);
    return random.below(100) === 0 ? bomb(random) : spoiled(random);
  },
  read,
  failureProblem,
  memory: { perByte: 3, beside: 4 * 2 ** 20 },
};
