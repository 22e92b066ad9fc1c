import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zipOf } from '../../src/fuzz/torch-files.js';
import { decodeSafetensors } from '../../src/model/safetensors.js';

function fixture(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../fixtures/checkpoint/${name}`, import.meta.url)));
}

interface About {
  /** Names of the tensors in the order of the storages of each file. */
  readonly legacy: readonly string[];
  readonly zip: readonly string[];
}

/** The values of an `.npy` file of little-endian float32. */
function npy(name: string): Float32Array {
  const bytes = fixture(name);
  const values = bytes.subarray(10 + bytes.readUInt16LE(8));
  return new Float32Array(new Uint8Array(values).buffer);
}

/** Bytes of every storage of the network, by the name of its tensor in the files. */
function storages(names: readonly string[]): Map<string, Uint8Array> {
  const { tensors } = decodeSafetensors(fixture('weights.safetensors'));
  const floats = (name: string): Float32Array => {
    const values = tensors.get(name)?.values;
    if (!(values instanceof Float32Array)) throw new Error(`the fixture lacks ${name}`);
    return values;
  };
  const latents = (name: string): Float32Array => {
    const members = tensors.get(`${name}.member`)?.values ?? new Uint8Array();
    const scale = floats(`${name}.scale`);
    const patterns = floats(name.replace(/weight$/, 'binarize.patterns'));
    const inputs = members.length / scale.length;
    return Float32Array.from({ length: 9 * members.length }, (_, i) => {
      const kernel = Math.floor(i / 9);
      const sign = Math.sign(patterns[9 * members[kernel] + (i % 9)]);
      return sign * scale[Math.floor(kernel / inputs)];
    });
  };
  const bytesOf = (name: string): Uint8Array => {
    if (name.endsWith('num_batches_tracked')) return new Uint8Array(8);
    const values = name.endsWith('binary_conv.weight') ? latents(name) : floats(name);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  };
  return new Map(names.map((name) => [name, bytesOf(name)]));
}

/** The network that test/fixtures/checkpoint/about.json tells of, in both formats of PyTorch. */
export function authorsCheckpoint() {
  const { legacy, zip }: About = JSON.parse(fixture('about.json').toString());
  const bytes = storages(zip);
  const storage = (name: string) => bytes.get(name) ?? new Uint8Array();
  const counted = (name: string): Uint8Array[] => {
    const elementBytes = name.endsWith('num_batches_tracked') ? 8 : 4;
    const count = BigInt(storage(name).length / elementBytes);
    return [new Uint8Array(BigUint64Array.of(count).buffer), storage(name)];
  };
  return {
    legacy: Buffer.concat([fixture('legacy.head'), ...legacy.flatMap(counted)]),
    zip: zipOf([
      { name: 'zip.pth/data.pkl', bytes: fixture('data.pkl') },
      ...zip.map((name, i) => ({ name: `zip.pth/data/${i}`, bytes: storage(name) })),
      { name: 'zip.pth/version', bytes: Buffer.from('3\n') },
    ]),
    /** Images [2, 3, 64, 64] as they enter the network, and the logits [2, 10] of PyTorch. */
    input: npy('input.npy'),
    logits: npy('logits.npy'),
  };
}
