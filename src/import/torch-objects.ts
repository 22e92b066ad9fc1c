import type { Allowance, Refuse } from './allowance.js';
import type { Constructors } from './pickle.js';
import {
  integersOf,
  isOf,
  itemsOf,
  type Pickled,
  type PickledStorage,
  type PickledTensor,
} from './pickled.js';
import { type ElementType, elementsOf, placementProblem } from './tensor.js';

/** Element types of PyTorch's storage classes. */
const storageTypes: ReadonlyMap<string, ElementType> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.DoubleStorage', 'float64'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
]);

const orderedDict = 'collections.OrderedDict';
const tensor = 'torch._utils._rebuild_tensor_v2';
const olderTensor = 'torch._utils._rebuild_tensor';
const parameter = 'torch._utils._rebuild_parameter';
const callables = [orderedDict, tensor, olderTensor, parameter];

/**
 * What PyTorch's checkpoints are built from: ordered dicts, storages, tensors and parameters. Every
 * tensor is checked to lie within its storage.
 *
 * @returns them, and the storages that were named so far, by key
 */
export function torchObjects(
  refuse: Refuse,
  allowance: Allowance,
): { readonly constructors: Constructors; readonly storages: ReadonlyMap<string, PickledStorage> } {
  const storages = new Map<string, PickledStorage>();

  const rebuildTensor = (args: readonly Pickled[], at: number): PickledTensor => {
    const [storage, offset] = args;
    const shape = integersOf(args[2]);
    const strides = integersOf(args[3]);
    if (!isOf(storage, 'storage') || typeof offset !== 'number' || !shape || !strides) {
      return refuse(at, 'builds a tensor from what is no storage, offset, shape and strides');
    }
    const placement = { shape, strides, offset };
    const problem = placementProblem(placement, storage.elements);
    if (problem) refuse(at, `a tensor ${problem}`);
    allowance.charge(4 * elementsOf(shape), at);
    return { kind: 'tensor', storage, ...placement };
  };

  const constructors: Constructors = {
    knows: (name) => callables.includes(name) || storageTypes.has(name),
    call(name, args, at) {
      switch (name) {
        case orderedDict:
          if (args.length > 0) refuse(at, 'builds an OrderedDict from arguments');
          return { kind: 'dict', entries: new Map() };
        case tensor:
        case olderTensor:
          return rebuildTensor(args, at);
        case parameter: {
          const [value] = args;
          return isOf(value, 'tensor') ? value : refuse(at, 'makes a parameter of no tensor');
        }
        default:
          return refuse(at, `calls ${name}`);
      }
    },
    persistent(id, at) {
      const [tag, type, key, , elements, view = null] = itemsOf(id) ?? [];
      const elementType = isOf(type, 'name') ? storageTypes.get(type.name) : undefined;
      if (tag !== 'storage' || !elementType || typeof key !== 'string') {
        return refuse(at, 'names no storage');
      }
      if (typeof elements !== 'number' || !Number.isSafeInteger(elements) || elements < 0) {
        return refuse(at, `storage ${key} has no size`);
      }
      if (view !== null) refuse(at, `storage ${key} is a view of another, as PyTorch 0.3 wrote it`);
      const known = storages.get(key);
      if (known && (known.type !== elementType || known.elements !== elements)) {
        refuse(at, `storage ${key} has two sizes`);
      }
      const storage: PickledStorage = known ?? {
        kind: 'storage',
        key,
        type: elementType,
        elements,
      };
      storages.set(key, storage);
      return storage;
    },
  };
  return { constructors, storages };
}
