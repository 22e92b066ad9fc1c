import { safetensorsPlaces } from '../model/safetensors.js';
import { allowanceOf, type Refuse } from './allowance.js';
import {
  type Checkpoint,
  type ElementType,
  elementBytes,
  elementsOf,
  rowMajorStrides,
  type StoredTensor,
} from './tensor.js';

/** Element types of the format by their names in it. */
const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

/**
 * Reads a checkpoint in the safetensors format; nothing is copied.
 *
 * @throws Failure that names the byte at which the file cannot be followed
 */
export function readSafetensors(bytes: Uint8Array, refuse: Refuse): Checkpoint {
  const allowance = allowanceOf(bytes.length, refuse);
  const { places } = safetensorsPlaces(bytes, (why, at) => refuse(at, why));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, start, end } of places) {
    const type = elementTypes.get(dtype);
    if (!type) return refuse(8, `${name} is of type ${dtype}`);
    const elements = elementsOf(shape);
    if (end - start !== elements * elementBytes[type]) {
      refuse(start, `${name} is not as long as its shape`);
    }
    allowance.charge(4 * elements, start);
    const strides = rowMajorStrides(shape);
    tensors.set(name, { type, bytes: bytes.subarray(start, end), shape, strides, offset: 0 });
  }
  if (tensors.size === 0) refuse(0, 'holds no tensors');
  return { format: 'safetensors', tensors };
}
