import { type Allowance, allowanceOf, type Refuse } from './allowance.js';
import { readPickle } from './pickle.js';
import { isOf, type Pickled, type PickledStorage, type PickledTensor } from './pickled.js';
import { type Checkpoint, elementBytes, type StoredTensor } from './tensor.js';
import { torchObjects } from './torch-objects.js';
import { readZip } from './zip.js';

/** A file that is read: its bytes, and who answers for it. */
interface Source {
  readonly bytes: Uint8Array;
  readonly allowance: Allowance;
  readonly refuse: Refuse;
}

/** Bytes of a storage, wherever they lie; refuses at byte `at` where there are not that many. */
type BytesOf = (storage: PickledStorage) => Uint8Array;

/** What PyTorch before 1.6 starts a file with, and the version that follows. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyVersion = 1001;

/** Its pickled form. */
const legacyStart = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9];

/** Where checkpoints keep the tensors of the network, the first that is there. */
const networkKeys = ['state_dict', 'model_state_dict', 'model'];

/** Whether the file starts as PyTorch before 1.6 wrote it. */
export function isLegacyTorch(bytes: Uint8Array): boolean {
  return legacyStart.every((byte, i) => bytes[i] === byte);
}

function sizeOf({ type, elements }: PickledStorage): number {
  return elements * elementBytes[type];
}

function isTensor(value: Pickled): value is PickledTensor {
  return isOf(value, 'tensor');
}

/** The tensors of the network in what a checkpoint holds. */
function networkTensors(value: Pickled, bytesOf: BytesOf, refuse: Refuse) {
  if (!isOf(value, 'dict')) return refuse(0, 'holds no dict of tensors');
  const inner = networkKeys.map((key) => value.entries.get(key)).find((v) => isOf(v, 'dict'));
  const { entries } = isOf(inner, 'dict') ? inner : value;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of entries) {
    if (typeof name !== 'string' || !isTensor(tensor)) continue;
    const { storage, shape, strides, offset } = tensor;
    tensors.set(name, { type: storage.type, bytes: bytesOf(storage), shape, strides, offset });
  }
  if (tensors.size === 0) {
    refuse(0, `holds no tensors, neither by themselves nor under ${networkKeys.join(', ')}`);
  }
  return tensors;
}

/**
 * Reads a checkpoint in the zip format (PyTorch 1.6 and later): `<name>/data.pkl` and a file of
 * `<name>/data` for every storage.
 *
 * @throws Failure that names the byte at which the file cannot be followed
 */
export function readTorchZip(bytes: Uint8Array, refuse: Refuse): Checkpoint {
  const allowance = allowanceOf(bytes.length, refuse);
  const entries = readZip(bytes, allowance, refuse);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  const pickle = pickleName === undefined ? undefined : entries.get(pickleName);
  if (pickleName === undefined || !pickle) {
    const script = [...entries.keys()].some((name) => /^[^/]+\/(code|constants\.pkl)/.test(name));
    return refuse(0, `an archive without data.pkl${script ? ' (a TorchScript module)' : ''}`);
  }
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(order.bytes) !== 'little') {
    refuse(order.at, 'its numbers are big-endian');
  }
  const { value } = readPickle({
    bytes,
    at: pickle.at,
    end: pickle.at + pickle.bytes.length,
    constructors: torchObjects(refuse, allowance).constructors,
    allowance,
    refuse,
  });
  const bytesOf: BytesOf = (storage) => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) return refuse(pickle.at, `storage ${storage.key} is missing`);
    const size = sizeOf(storage);
    return entry.bytes.length === size
      ? entry.bytes
      : refuse(entry.at, `storage ${storage.key} has ${entry.bytes.length} bytes, not ${size}`);
  };
  return { format: 'PyTorch (zip)', tensors: networkTensors(value, bytesOf, refuse) };
}

/** The places of the storages behind the pickles, in the order that the file lists. */
function legacyStorages(
  { bytes, allowance, refuse }: Source,
  listed: Pickled,
  listedAt: number,
  declared: ReadonlyMap<string, PickledStorage>,
  start: number,
): ReadonlyMap<string, Uint8Array> {
  if (!isOf(listed, 'list')) return refuse(listedAt, 'has no list of storages');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  let at = start;
  for (const key of listed.items) {
    const storage = typeof key === 'string' ? declared.get(key) : undefined;
    if (!storage || found.has(storage.key)) {
      return refuse(listedAt, 'lists a storage that no tensor names, or one twice');
    }
    if (at + 8 > bytes.length) refuse(bytes.length, 'the storages are cut off');
    const elements = Number(view.getBigUint64(at, true));
    if (elements !== storage.elements) {
      refuse(at, `storage ${storage.key} has ${elements} elements, not ${storage.elements}`);
    }
    const from = at + 8;
    at = from + sizeOf(storage);
    if (at > bytes.length) refuse(bytes.length, `storage ${storage.key} is cut off`);
    allowance.charge(128, from);
    found.set(storage.key, bytes.subarray(from, at));
  }
  return found;
}

/**
 * Reads a checkpoint as PyTorch before 1.6 wrote it: pickles of a magic number, a version, the
 * machine, the checkpoint and a list of storages, then the storages, each behind its length.
 *
 * @throws Failure that names the byte at which the file cannot be followed
 */
export function readLegacyTorch(bytes: Uint8Array, refuse: Refuse): Checkpoint {
  const allowance = allowanceOf(bytes.length, refuse);
  const { constructors, storages } = torchObjects(refuse, allowance);
  let at = 0;
  const next = (): { value: Pickled; from: number } => {
    const from = at;
    const { value, end } = readPickle({
      bytes,
      at,
      end: bytes.length,
      constructors,
      allowance,
      refuse,
    });
    at = end;
    return { value, from };
  };
  if (next().value !== legacyMagic) refuse(0, 'does not start as a PyTorch file');
  const version = next();
  if (version.value !== legacyVersion) refuse(version.from, 'is of an unknown version of PyTorch');
  const machine = next();
  if (!isOf(machine.value, 'dict') || machine.value.entries.get('little_endian') !== true) {
    refuse(machine.from, 'its numbers are big-endian');
  }
  const checkpoint = next();
  const listed = next();
  const source = { bytes, allowance, refuse };
  const places = legacyStorages(source, listed.value, listed.from, storages, at);
  const bytesOf: BytesOf = ({ key }) =>
    places.get(key) ?? refuse(listed.from, `storage ${key} is not listed`);
  return {
    format: 'PyTorch (before 1.6)',
    tensors: networkTensors(checkpoint.value, bytesOf, refuse),
  };
}
